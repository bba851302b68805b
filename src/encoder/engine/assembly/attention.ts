import { exponential } from "./functions";
import { maxLanes, sumLanes, sumOfFour } from "./lanes";

/**
 * softmax(Q Kᵀ · scale) V of one text, head by head, in float32. `qkv` has a row for each token: queries of all heads, keys,
 * values. `scores` is room for four rows of `tokens` floats, rounded up to four. Four queries at a time; where fewer are left, the last
 * one is done again. Nothing is padded: keys beyond the text are its last key again, with weight 0.
 */
export function attention(
  qkv: usize,
  tokens: i32,
  heads: i32,
  headSize: i32,
  scale: f32,
  scores: usize,
  out: usize,
): void {
  const headBytes = <usize>headSize * 4;
  const outStride = <usize>heads * headBytes;
  for (let head: usize = 0; head < <usize>heads; head += 1) {
    for (let row = 0; row < tokens; row += 4) {
      fourQueries(qkv + head * headBytes, tokens, row, headBytes, outStride, scale, scores, out + head * headBytes);
    }
  }
}

function fourQueries(
  queries: usize,
  tokens: i32,
  row: i32,
  headBytes: usize,
  outStride: usize,
  scale: f32,
  scores: usize,
  out: usize,
): void {
  const stride: usize = 3 * outStride;
  const keys = queries + outStride;
  const values = keys + outStride;
  const scoreBytes = <usize>((tokens + 3) & ~3) * 4;
  const row1 = min(row + 1, tokens - 1);
  const row2 = min(row + 2, tokens - 1);
  const row3 = min(row + 3, tokens - 1);
  const factor = f32x4.splat(scale);
  twoScores(queries, stride, row, row1, keys, tokens, headBytes, factor, scores, scoreBytes);
  twoScores(queries, stride, row2, row3, keys, tokens, headBytes, factor, scores + 2 * scoreBytes, scoreBytes);
  const share0 = softmax(scores, tokens);
  const share1 = softmax(scores + scoreBytes, tokens);
  const share2 = softmax(scores + 2 * scoreBytes, tokens);
  const share3 = softmax(scores + 3 * scoreBytes, tokens);
  for (let at: usize = 0; at < headBytes; at += 32) {
    fourMeans(
      scores,
      scoreBytes,
      tokens,
      values + at,
      stride,
      share0,
      share1,
      share2,
      share3,
      out + at + <usize>row * outStride,
      out + at + <usize>row1 * outStride,
      out + at + <usize>row2 * outStride,
      out + at + <usize>row3 * outStride,
    );
  }
}

/** Scores of two queries with all keys, four keys at a time. */
function twoScores(
  queries: usize,
  stride: usize,
  row0: i32,
  row1: i32,
  keys: usize,
  tokens: i32,
  headBytes: usize,
  scale: v128,
  scores: usize,
  scoreBytes: usize,
): void {
  const query0 = queries + <usize>row0 * stride;
  const query1 = queries + <usize>row1 * stride;
  const last = tokens - 1;
  for (let key = 0; key < tokens; key += 4) {
    const key0 = keys + <usize>key * stride;
    const key1 = keys + <usize>min(key + 1, last) * stride;
    const key2 = keys + <usize>min(key + 2, last) * stride;
    const key3 = keys + <usize>min(key + 3, last) * stride;
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let at: usize = 0; at < headBytes; at += 16) {
      const x = v128.load(query0 + at);
      const y = v128.load(query1 + at);
      let k = v128.load(key0 + at);
      a = f32x4.add(a, f32x4.mul(x, k));
      e = f32x4.add(e, f32x4.mul(y, k));
      k = v128.load(key1 + at);
      b = f32x4.add(b, f32x4.mul(x, k));
      f = f32x4.add(f, f32x4.mul(y, k));
      k = v128.load(key2 + at);
      c = f32x4.add(c, f32x4.mul(x, k));
      g = f32x4.add(g, f32x4.mul(y, k));
      k = v128.load(key3 + at);
      d = f32x4.add(d, f32x4.mul(x, k));
      h = f32x4.add(h, f32x4.mul(y, k));
    }
    const at = <usize>key * 4;
    v128.store(scores + at, f32x4.mul(sumOfFour(a, b, c, d), scale));
    v128.store(scores + scoreBytes + at, f32x4.mul(sumOfFour(e, f, g, h), scale));
  }
}

/** Scores become e^(score - largest), those beyond the text 0. Returns the reciprocal of their sum. */
function softmax(scores: usize, tokens: i32): f32 {
  const end = scores + <usize>((tokens + 3) & ~3) * 4;
  for (let at = scores + <usize>tokens * 4; at < end; at += 4) {
    store<f32>(at, -Infinity);
  }
  let largest = v128.load(scores);
  for (let at = scores + 16; at < end; at += 16) {
    largest = f32x4.pmax(largest, v128.load(at));
  }
  largest = f32x4.splat(maxLanes(largest));
  let sum = f32x4.splat(0);
  for (let at = scores; at < end; at += 16) {
    const weight = exponential(f32x4.sub(v128.load(at), largest));
    v128.store(at, weight);
    sum = f32x4.add(sum, weight);
  }
  return 1 / sumLanes(sum);
}

/** Weighted means of eight columns of the values, for four queries. */
function fourMeans(
  scores: usize,
  scoreBytes: usize,
  tokens: i32,
  values: usize,
  stride: usize,
  share0: f32,
  share1: f32,
  share2: f32,
  share3: f32,
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  const scores1 = scores + scoreBytes;
  const scores2 = scores1 + scoreBytes;
  const scores3 = scores2 + scoreBytes;
  for (let at: usize = 0, end = <usize>tokens * 4; at < end; at += 4) {
    const low = v128.load(values);
    const high = v128.load(values, 16);
    let weight = v128.load_splat<f32>(scores + at);
    a = f32x4.add(a, f32x4.mul(weight, low));
    b = f32x4.add(b, f32x4.mul(weight, high));
    weight = v128.load_splat<f32>(scores1 + at);
    c = f32x4.add(c, f32x4.mul(weight, low));
    d = f32x4.add(d, f32x4.mul(weight, high));
    weight = v128.load_splat<f32>(scores2 + at);
    e = f32x4.add(e, f32x4.mul(weight, low));
    f = f32x4.add(f, f32x4.mul(weight, high));
    weight = v128.load_splat<f32>(scores3 + at);
    g = f32x4.add(g, f32x4.mul(weight, low));
    h = f32x4.add(h, f32x4.mul(weight, high));
    values += stride;
  }
  storeScaled(out0, a, b, share0);
  storeScaled(out1, c, d, share1);
  storeScaled(out2, e, f, share2);
  storeScaled(out3, g, h, share3);
}

function storeScaled(out: usize, low: v128, high: v128, share: f32): void {
  v128.store(out, f32x4.mul(low, f32x4.splat(share)));
  v128.store(out, f32x4.mul(high, f32x4.splat(share)), 16);
}

import { sumLanes } from "./lanes";

/** Mean of a text's rows, Σ / tokens, column by column in the order of the rows. */
export function meanRow(states: usize, tokens: i32, width: i32, out: usize): void {
  const bytes = <usize>width * 4;
  const count = f32x4.splat(<f32>tokens);
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let row = states + at, end = row + <usize>tokens * bytes; row < end; row += bytes) {
      sum = f32x4.add(sum, v128.load(row));
    }
    v128.store(out + at, f32x4.div(sum, count));
  }
}

/** A row as it is. */
export function copyRow(state: usize, width: i32, out: usize): void {
  memory.copy(out, state, <usize>width * 4);
}

/** To unit length, in place; a row of zeros stays. */
export function normalizeRow(x: usize, width: i32): void {
  const end = x + <usize>width * 4;
  let squares = f32x4.splat(0);
  for (let at = x; at < end; at += 16) {
    const y = v128.load(at);
    squares = f32x4.add(squares, f32x4.mul(y, y));
  }
  const length = sqrt(sumLanes(squares));
  if (length == 0) {
    return;
  }
  for (let at = x; at < end; at += 16) {
    v128.store(at, f32x4.div(v128.load(at), f32x4.splat(length)));
  }
}

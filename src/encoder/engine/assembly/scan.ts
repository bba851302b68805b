import { addCandidate, floor, keepCandidates, startCandidates } from "./candidates";
import { ZERO_QUERY_CODE, coarseDots } from "./coarse-dots";
import { fineDots } from "./fine-dots";
import { RELAXED } from "./product-choice";

/** Rows whose dot products are computed before any is judged. Their codes (96 kB at 384) fit into the second-level cache. */
const BATCH: i32 = 256;

/** A row's numbers, eight bytes each: see `VectorImage`. */
const NUMBER_BYTES: usize = 32;

/**
 * Finds the rows that may be among the `topK` most similar to a query. A row's similarity lies within
 * factor · scale · dot + offset + constant ± (rowBound · norm + queryBound · residual + allowance); the rows whose upper bound reaches the
 * topK-th best lower bound are left in `slots`, in the same order, with their upper bounds in `uppers`. Returns their number.
 *
 * With relaxed SIMD a first pass takes the query in 7 bits, one instruction for sixteen codes; only a row whose wider
 * upper bound reaches the floor meets the 16-bit query.
 *
 * `numbers`: f64 of each slot: factor, offset, rowBound, queryBound. `sums`: i32 of each slot, the sum of its codes.
 * `terms`: f64: scale and residual of the 7-bit query, then of the 16-bit one, norm, constant, allowance.
 * `dots`: room for BATCH integers. `lowers`: room for topK floats.
 */
export function scanRows(
  codes: usize,
  stride: usize,
  numbers: usize,
  sums: usize,
  coarse: usize,
  fine: usize,
  terms: usize,
  slots: usize,
  count: i32,
  uppers: usize,
  dots: usize,
  lowers: usize,
  topK: i32,
): i32 {
  startCandidates(slots, uppers, lowers, topK);
  for (const end = slots + <usize>count * 4; slots < end; slots += BATCH * 4) {
    const batch = min(BATCH, <i32>((end - slots) / 4));
    if (RELAXED) {
      coarseDots(codes, stride, coarse, slots, batch, dots);
      judgeCoarse(codes, stride, numbers, sums, fine, terms, slots, batch, dots);
    } else {
      fineDots(codes, stride, fine, slots, batch, dots);
      judgeFine(numbers, terms, slots, batch, dots);
    }
  }
  return keepCandidates();
}

/** Exported for the optimiser to leave it a function of its own; see `index.ts`. */
export function judgeCoarse(
  codes: usize,
  stride: usize,
  numbers: usize,
  sums: usize,
  fine: usize,
  terms: usize,
  slots: usize,
  count: i32,
  dots: usize,
): void {
  const scale = load<f64>(terms);
  const bounds = f64x2(load<f64>(terms, 32), load<f64>(terms, 8)); // of norm and residual
  const constant = load<f64>(terms, 40) + load<f64>(terms, 48);
  let least = floor - constant;
  for (const end = slots + <usize>count * 4; slots < end; slots += 4) {
    const slot = <usize>load<u32>(slots);
    const row = numbers + slot * NUMBER_BYTES;
    const dot = <f64>(load<i32>(dots) - ZERO_QUERY_CODE * load<i32>(sums + slot * 4));
    const estimate = f64x2.mul(v128.load(row), f64x2(scale * dot, 1));
    const upper = f64x2.add(estimate, f64x2.mul(v128.load(row, 16), bounds));
    if (f64x2.extract_lane(upper, 0) + f64x2.extract_lane(upper, 1) >= least) {
      fineDots(codes, stride, fine, slots, 1, dots);
      judge(row, terms, <u32>slot, load<i32>(dots));
      least = floor - constant;
    }
    dots += 4;
  }
}

/** Exported as is `judgeCoarse`. */
export function judgeFine(numbers: usize, terms: usize, slots: usize, count: i32, dots: usize): void {
  for (const end = slots + <usize>count * 4; slots < end; slots += 4) {
    const slot = load<u32>(slots);
    judge(numbers + <usize>slot * NUMBER_BYTES, terms, slot, load<i32>(dots));
    dots += 4;
  }
}

/** Adds a row to the candidates if its upper bound by the 16-bit query says so. */
function judge(row: usize, terms: usize, slot: u32, dot: i32): void {
  const estimate = load<f64>(row) * load<f64>(terms, 16) * <f64>dot + load<f64>(row, 8) + load<f64>(terms, 40);
  const bound =
    load<f64>(row, 16) * load<f64>(terms, 32) + load<f64>(row, 24) * load<f64>(terms, 24) + load<f64>(terms, 48);
  if (estimate + bound >= floor) {
    addCandidate(slot, estimate - bound, estimate + bound);
  }
}

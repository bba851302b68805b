/** The k-th best lower bound seen, −∞ until there are k: what has an upper bound below it is out. */
export let floor: f64 = -Infinity;

let slots: usize = 0;
let uppers: usize = 0;
let count: i32 = 0;

/** A min-heap of the k best lower bounds. */
let lowers: usize = 0;
let size: i32 = 0;
let k: i32 = 0;

/** Forgets the last search. `slots` may hold what is still to be searched: it is overwritten from its start, no faster than it is read. */
export function startCandidates(slotsAt: usize, uppersAt: usize, lowersAt: usize, topK: i32): void {
  floor = -Infinity;
  slots = slotsAt;
  uppers = uppersAt;
  count = 0;
  lowers = lowersAt;
  size = 0;
  k = topK;
}

/** The caller has checked `upper >= floor`. */
export function addCandidate(slot: u32, lower: f64, upper: f64): void {
  store<u32>(slots + <usize>count * 4, slot);
  store<f64>(uppers + <usize>count * 8, upper);
  count += 1;
  if (size < k) {
    push(lower);
  } else if (lower > floor) {
    replaceLeast(lower);
  }
  if (size == k) {
    floor = load<f64>(lowers);
  }
}

/** Drops what came in before the floor rose above it. Returns how many are left. */
export function keepCandidates(): i32 {
  let kept = 0;
  for (let i = 0; i < count; i += 1) {
    const upper = load<f64>(uppers + <usize>i * 8);
    if (upper >= floor) {
      store<u32>(slots + <usize>kept * 4, load<u32>(slots + <usize>i * 4));
      store<f64>(uppers + <usize>kept * 8, upper);
      kept += 1;
    }
  }
  return kept;
}

function push(lower: f64): void {
  let child = size;
  size += 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const value = load<f64>(lowers + <usize>parent * 8);
    if (value <= lower) {
      break;
    }
    store<f64>(lowers + <usize>child * 8, value);
    child = parent;
  }
  store<f64>(lowers + <usize>child * 8, lower);
}

function replaceLeast(lower: f64): void {
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= size) {
      break;
    }
    let value = load<f64>(lowers + <usize>child * 8);
    if (child + 1 < size && load<f64>(lowers + <usize>child * 8, 8) < value) {
      child += 1;
      value = load<f64>(lowers + <usize>child * 8);
    }
    if (value >= lower) {
      break;
    }
    store<f64>(lowers + <usize>parent * 8, value);
    parent = child;
  }
  store<f64>(lowers + <usize>parent * 8, lower);
}

import { compileAssembly } from "../../wasm/compile-kernel.ts";

/** Long enough for V8 to have optimised the loop, which it exchanges between two calls. */
const MILLISECONDS = 2000;
/** Turns of a call: some 10 µs, which other programs seldom interrupt. */
const TIMES = 5000;
/** Multiply-adds of one turn of `assembly/limit.ts`: twelve sums, eight products each. */
const PRODUCTS = 12 * 8;

/** Multiply-adds a nanosecond (10⁹ a second) that one core does with the i16 product's instructions in registers; the best of many short rounds. */
export async function measureDotLimit(): Promise<number> {
  const bytes = await compileAssembly(["assembly/limit.ts"]);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), { env: { memory } });
  const dotLimit = exports["dotLimit"] as (times: number, weight: number) => number; // see assembly/limit.ts
  let best = 0;
  const end = performance.now() + MILLISECONDS;
  for (let start = performance.now(); start < end; start = performance.now()) {
    dotLimit(TIMES, 3);
    best = Math.max(best, (TIMES * PRODUCTS) / (performance.now() - start) / 1e6);
  }
  return best;
}

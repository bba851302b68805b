/** The same with relaxed SIMD, for engines that know it. */
export * from "./index";
export { coarseDots } from "./coarse-dots";
export { relaxed1x2, relaxed2x2, relaxed3x2 } from "./relaxed-product";
export { judgeCoarse } from "./scan";

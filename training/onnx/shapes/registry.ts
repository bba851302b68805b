import { ELEMENTWISE_SHAPES } from "./elementwise-shapes.ts";
import { GENERATOR_SHAPES } from "./generator-shapes.ts";
import { INDEXING_SHAPES } from "./indexing-shapes.ts";
import { LAYOUT_SHAPES } from "./layout-shapes.ts";
import { MATRIX_SHAPES } from "./matrix-shapes.ts";
import { REDUCTION_SHAPES } from "./reduction-shapes.ts";
import type { ShapeRule } from "./shape-rule.ts";

/** What each operator says about the shape of its outputs. An operator that is not here leaves its outputs unknown. */
export const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...ELEMENTWISE_SHAPES,
  ...MATRIX_SHAPES,
  ...LAYOUT_SHAPES,
  ...INDEXING_SHAPES,
  ...REDUCTION_SHAPES,
  ...GENERATOR_SHAPES,
};

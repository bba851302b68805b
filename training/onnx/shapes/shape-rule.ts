import { AppError } from "../../../src/shared/errors.ts";
import type { DataTypeName } from "../data-type.ts";
import type { NodeProto } from "../proto.ts";
import type { Dim, ValueType } from "./value-type.ts";

export interface ShapeRuleContext {
  readonly node: NodeProto;
  /** What is known of each input; nothing of one that is not given. */
  readonly inputs: readonly ValueType[];
  /** A name for a dimension or element that is not known, the same for each call with the same arguments. */
  readonly fresh: (index: number, output?: number) => string;
}

/** What follows for the outputs of a node. Facts that do not follow are left out. */
export type ShapeRule = (context: ShapeRuleContext) => readonly ValueType[];

/** A rule of an operator with one output. */
export function single(rule: (context: ShapeRuleContext, first: ValueType) => ValueType): ShapeRule {
  return (context) => [rule(context, context.inputs[0] ?? {})];
}

/** A tensor of a type, with shape when it is known. */
export function typed(dataType: DataTypeName | undefined, dims: readonly Dim[] | undefined): ValueType {
  return { dataType, dims };
}

/**
 * A shape with another size in one axis.
 * @throws AppError `invalid_artifact` for an axis that the shape does not have, which a model's attributes may name.
 */
export function withSize(
  { node }: Pick<ShapeRuleContext, "node">,
  dims: readonly Dim[],
  { axis, size }: { readonly axis: number; readonly size: Dim },
): readonly Dim[] {
  if (axis < 0 || axis >= dims.length) {
    throw new AppError(
      "invalid_artifact",
      `${node.opType} "${node.name}" works along an axis that its input of ${dims.length} axes does not have`,
    );
  }
  return dims.with(axis, size);
}

/** Elements that are all numbers; undefined when one is not known. */
export function numbers(value: ValueType | undefined): readonly number[] | undefined {
  return value?.elements?.every((element) => typeof element === "number") ? value.elements : undefined;
}

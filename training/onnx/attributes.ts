import { createAttributeProto, int64ToNumber } from "./codec.ts";
import type { AttributeProto, NodeProto, TensorProto } from "./proto.ts";

/** `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

/** A float attribute of a node: `floatAttribute("epsilon", 1e-12)`. */
export function floatAttribute(name: string, value: number): AttributeProto {
  return createAttributeProto({ name, type: ATTRIBUTE_TYPE.float, f: value });
}

/** An integer attribute of a node: `intAttribute("axis", 0)`. */
export function intAttribute(name: string, value: number): AttributeProto {
  return createAttributeProto({ name, type: ATTRIBUTE_TYPE.int, i: value });
}

/** A list of integers: `intsAttribute("perm", [0, 2, 1])`. */
export function intsAttribute(name: string, values: readonly number[]): AttributeProto {
  return createAttributeProto({ name, type: ATTRIBUTE_TYPE.ints, ints: [...values] });
}

/** A string attribute: `stringAttribute("reduction", "add")`. */
export function stringAttribute(name: string, value: string): AttributeProto {
  return createAttributeProto({ name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(value) });
}

/** A constant as an attribute: `tensorAttribute("value", tensor)`. */
export function tensorAttribute(name: string, t: TensorProto): AttributeProto {
  return createAttributeProto({ name, type: ATTRIBUTE_TYPE.tensor, t });
}

/** An integer attribute's value, or the operator's default when the node does not give it. */
export function readInt(node: NodeProto, name: string, defaultValue: number): number {
  const attribute = node.attribute.find((candidate) => candidate.name === name);
  return attribute === undefined ? defaultValue : int64ToNumber(attribute.i);
}

/** See `readInt`. */
export function readFloat(node: NodeProto, name: string, defaultValue: number): number {
  return node.attribute.find((candidate) => candidate.name === name)?.f ?? defaultValue;
}

/** A list of integers; undefined when the node does not give it. */
export function readInts(node: NodeProto, name: string): readonly number[] | undefined {
  return node.attribute.find((candidate) => candidate.name === name)?.ints.map(int64ToNumber);
}

/** See `readInt`. Default: empty. */
export function readString(node: NodeProto, name: string, defaultValue = ""): string {
  const attribute = node.attribute.find((candidate) => candidate.name === name);
  return attribute === undefined ? defaultValue : new TextDecoder().decode(attribute.s);
}

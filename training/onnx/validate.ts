import { AppError } from "../../src/shared/errors.ts";
import { int64ToNumber } from "./codec.ts";
import { DATA_TYPE, dataTypeName, elementArray } from "./data-type.ts";
import { MAX_GRAPH_DEPTH, MAX_NAME_LENGTH, MAX_NODES, MAX_TENSOR_RANK } from "./limits.ts";
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from "./proto.ts";

/** `TensorProto.DataLocation.EXTERNAL`. */
export const DATA_LOCATION_EXTERNAL = 1;

/**
 * Checks everything that later code relies on: names, ranks and sizes within the limits, and that every tensor has
 * exactly the elements its shape announces. Replaces 64-bit integers by numbers where that is exact.
 * Throws AppError `invalid_artifact` that names the node or the tensor.
 */
export function validateModel(model: ModelProto): void {
  if (model.graph === null || model.opsetImport.length === 0) {
    fail("it has no graph or no operator set: it is not an ONNX model");
  }
  for (const opset of model.opsetImport) {
    opset.version = narrow(opset.version);
  }
  validateGraph(model.graph, 0);
}

function validateGraph(graph: GraphProto, depth: number): void {
  if (depth > MAX_GRAPH_DEPTH) {
    fail(`subgraphs are nested deeper than ${MAX_GRAPH_DEPTH}`);
  }
  if (graph.node.length > MAX_NODES) {
    fail(`it has ${graph.node.length} nodes, at most ${MAX_NODES} are read`);
  }
  for (const { name } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    checkName(name, "value");
  }
  const initializerNames = new Set<string>();
  for (const tensor of graph.initializer) {
    validateTensor(tensor);
    if (tensor.name === "" || initializerNames.has(tensor.name)) {
      fail(`initializer name "${tensor.name}" is empty or given twice`);
    }
    initializerNames.add(tensor.name);
  }
  validateNodes(graph, initializerNames, depth);
}

function validateNodes(graph: GraphProto, initializerNames: ReadonlySet<string>, depth: number): void {
  const produced = new Set<string>(graph.input.map(({ name }) => name));
  for (const node of graph.node) {
    for (const name of [node.name, node.opType, node.domain, ...node.input, ...node.output]) {
      checkName(name, "node or value");
    }
    if (node.opType === "") {
      fail(`node "${node.name}" has no operator type`);
    }
    for (const name of node.output.filter((output) => output !== "")) {
      if (produced.has(name) || initializerNames.has(name)) {
        fail(`value "${name}" is produced twice, the second time by node "${node.name}" (${node.opType})`);
      }
      produced.add(name);
    }
    for (const attribute of node.attribute) {
      validateAttribute(attribute, node, depth);
    }
  }
}

function validateAttribute(attribute: AttributeProto, node: NodeProto, depth: number): void {
  checkName(attribute.name, `attribute of node "${node.name}"`);
  if (Object.hasOwn(attribute, "i")) {
    attribute.i = narrow(attribute.i);
  }
  attribute.ints = attribute.ints.map(narrow);
  for (const tensor of [...(attribute.t ? [attribute.t] : []), ...attribute.tensors]) {
    validateTensor(tensor);
  }
  for (const graph of [...(attribute.g ? [attribute.g] : []), ...attribute.graphs]) {
    validateGraph(graph, depth + 1);
  }
}

/** One tensor; external data must have been loaded before. */
function validateTensor(tensor: TensorProto): void {
  checkName(tensor.name, "tensor");
  if (tensor.dims.length > MAX_TENSOR_RANK) {
    fail(`tensor "${tensor.name}" has ${tensor.dims.length} dimensions, at most ${MAX_TENSOR_RANK} are read`);
  }
  let elements = 1;
  for (const [index, dim] of tensor.dims.entries()) {
    const size = narrow(dim);
    if (typeof size !== "number" || size < 0) {
      fail(`tensor "${tensor.name}" has dimension ${size.toString()}`);
    }
    tensor.dims[index] = size;
    elements *= size;
  }
  if (tensor.dataLocation === DATA_LOCATION_EXTERNAL) {
    fail(`tensor "${tensor.name}" lies in another file; read the model from its folder, or save it as one file`);
  }
  checkElementCount(tensor, elements);
}

/** A shape of terabytes over an empty body would have us allocate terabytes: the elements must be there. */
function checkElementCount(tensor: TensorProto, expected: number): void {
  const ArrayType = elementArray(tensor.dataType);
  if (ArrayType === undefined) {
    if (dataTypeName(tensor.dataType) === "string" && tensor.stringData.length !== expected) {
      fail(`tensor "${tensor.name}" of ${describeShape(tensor)} has ${tensor.stringData.length} strings`);
    }
    return; // a type that we cannot read: passed on as it is, readTensor refuses it
  }
  const got =
    tensor.rawData.byteLength > 0 ? tensor.rawData.byteLength / ArrayType.BYTES_PER_ELEMENT : typedFieldLength(tensor);
  if (got !== expected) {
    fail(`tensor "${tensor.name}" of ${describeShape(tensor)} needs ${expected} elements, the file has ${got}`);
  }
}

function typedFieldLength(tensor: TensorProto): number {
  switch (tensor.dataType) {
    case DATA_TYPE.float: {
      return tensor.floatData.length;
    }
    case DATA_TYPE.double: {
      return tensor.doubleData.length;
    }
    case DATA_TYPE.int64: {
      return tensor.int64Data.length;
    }
    case DATA_TYPE.uint64:
    case DATA_TYPE.uint32: {
      return tensor.uint64Data.length;
    }
    default: {
      return tensor.int32Data.length;
    }
  }
}

function describeShape(tensor: TensorProto): string {
  return `shape [${tensor.dims.join(", ")}]`;
}

function narrow(value: AttributeProto["i"]): AttributeProto["i"] {
  try {
    return int64ToNumber(value);
  } catch {
    return value; // not exact as a number: kept as it is, refused only where a size is needed
  }
}

function checkName(name: string, what: string): void {
  if (name.length > MAX_NAME_LENGTH) {
    fail(`the name of a ${what} has ${name.length} characters, at most ${MAX_NAME_LENGTH} are read`);
  }
}

function fail(message: string): never {
  throw new AppError("invalid_artifact", `ONNX model: ${message}`);
}

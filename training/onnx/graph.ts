import { AppError } from "../../src/shared/errors.ts";
import { createNodeProto, createValueInfoProto } from "./codec.ts";
import { DATA_TYPE, dataTypeName } from "./data-type.ts";
import type { DataTypeName } from "./data-type.ts";
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from "./proto.ts";
import { outerNames } from "./subgraphs.ts";
import { tensorDims } from "./tensor.ts";
import { topologicalOrder } from "./topological-order.ts";

export interface NodeFields {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly AttributeProto[];
  /** Default: unique, from the first output. */
  readonly name?: string;
  /** Operator set; default the ONNX one. */
  readonly domain?: string;
}

/** A value at the border of a graph. */
export interface ValueFields {
  readonly name: string;
  readonly dataType: DataTypeName;
  /** Numbers are fixed, strings symbolic; without it even the rank is left open. */
  readonly dims?: readonly (number | string)[] | undefined;
}

/**
 * A graph under edit: who produces and who reads a value is looked up in constant time, and nodes may be added in any
 * order. `commit` writes the edits back to the message, in topological order. The message must not be changed meanwhile.
 */
export class Graph {
  readonly #proto: GraphProto;
  readonly #nodes: Set<NodeProto>;
  readonly #producers = new Map<string, NodeProto>();
  readonly #consumers = new Map<string, Set<NodeProto>>();
  readonly #initializers = new Map<string, TensorProto>();
  readonly #names = new Set<string>();

  constructor(proto: GraphProto) {
    this.#proto = proto;
    this.#nodes = new Set();
    for (const { name } of [...proto.input, ...proto.output]) {
      this.#names.add(name);
    }
    for (const tensor of proto.initializer) {
      this.addInitializer(tensor);
    }
    for (const node of proto.node) {
      this.#insert(node);
    }
  }

  get inputNames(): readonly string[] {
    return this.#proto.input.map(({ name }) => name).filter((name) => !this.#initializers.has(name));
  }

  get outputNames(): readonly string[] {
    return this.#proto.output.map(({ name }) => name);
  }

  /** What the file says about types and shapes: of inputs, of outputs, and of some values between them. */
  get valueInfos(): readonly ValueInfoProto[] {
    return [...this.#proto.input, ...this.#proto.output, ...this.#proto.valueInfo];
  }

  /** An initializer by name, also one that a caller may override. */
  initializer(name: string): TensorProto | undefined {
    return this.#initializers.get(name);
  }

  /** In the order of insertion. A copy: editing while iterating is safe. */
  get nodes(): readonly NodeProto[] {
    return [...this.#nodes];
  }

  get initializers(): readonly TensorProto[] {
    return [...this.#initializers.values()];
  }

  /** The nodes, each after the producers of what it reads. Throws AppError `invalid_artifact` on a cycle or an unknown value. */
  sortedNodes(): NodeProto[] {
    const known = new Set([...this.#proto.input.map(({ name }) => name), ...this.#initializers.keys()]);
    return topologicalOrder({ nodes: this.nodes, known, reads: readNames });
  }

  /** The node whose output a value is; undefined for inputs and initializers. */
  producer(value: string): NodeProto | undefined {
    return this.#producers.get(value);
  }

  /** The nodes that read a value, also from within their subgraphs. */
  consumers(value: string): readonly NodeProto[] {
    return [...(this.#consumers.get(value) ?? [])];
  }

  /**
   * A constant of the graph by name: the value of a `Constant` node, or an initializer that is not also an input, which
   * a caller could override.
   */
  constant(value: string): TensorProto | undefined {
    const producer = this.#producers.get(value);
    if (producer?.opType === "Constant") {
      return producer.attribute.find(({ name }) => name === "value")?.t ?? undefined;
    }
    const isInput = this.#proto.input.some(({ name }) => name === value);
    return isInput ? undefined : this.#initializers.get(value);
  }

  /** `base`, or `base_2`, `base_3`, ...: a name that nothing in the graph has. It is reserved by the call. */
  uniqueName(base: string): string {
    let name = base;
    for (let count = 2; this.#names.has(name); count += 1) {
      name = `${base}_${count}`;
    }
    this.#names.add(name);
    return name;
  }

  addInitializer(tensor: TensorProto): void {
    if (this.#initializers.has(tensor.name)) {
      throw new RangeError(`graph "${this.#proto.name}" already has an initializer "${tensor.name}"`);
    }
    this.#initializers.set(tensor.name, tensor);
    this.#names.add(tensor.name);
  }

  /** Declares an input; symbolic dimensions are strings. Throws RangeError when the name is taken. */
  addInput({ name, dataType, dims }: ValueFields): void {
    if (this.#names.has(name)) {
      throw new RangeError(`graph "${this.#proto.name}" already has a value "${name}"`);
    }
    this.#proto.input.push(valueInfo({ name, dataType, dims }));
    this.#names.add(name);
  }

  /** Turns an initializer into an input of its name, type and shape: its value comes from the caller. */
  feedInitializer(name: string): void {
    const tensor = this.#initializers.get(name);
    const dataType = tensor === undefined ? undefined : dataTypeName(tensor.dataType);
    if (tensor === undefined || dataType === undefined) {
      throw new RangeError(`graph "${this.#proto.name}" has no initializer "${name}" of a known type`);
    }
    this.#initializers.delete(name);
    this.#proto.input.push(valueInfo({ name, dataType, dims: tensorDims(tensor) }));
  }

  /** Makes a value an output of the graph. Throws RangeError when it is one already. */
  addOutput({ name, dataType, dims }: ValueFields): void {
    if (this.outputNames.includes(name)) {
      throw new RangeError(`graph "${this.#proto.name}" already has an output "${name}"`);
    }
    this.#proto.output.push(valueInfo({ name, dataType, dims }));
  }

  addNode({ opType, inputs, outputs, attributes = [], domain = "", name }: NodeFields): NodeProto {
    const node = createNodeProto({
      opType,
      input: [...inputs],
      output: [...outputs],
      attribute: [...attributes],
      name: name ?? this.uniqueName(`${outputs[0] ?? opType}_node`),
      ...(domain === "" ? {} : { domain }),
    });
    this.#insert(node);
    return node;
  }

  removeNode(node: NodeProto): void {
    this.#nodes.delete(node);
    for (const output of node.output) {
      this.#producers.delete(output);
    }
    for (const input of readNames(node)) {
      this.#consumers.get(input)?.delete(node);
    }
  }

  /** Makes every reader of a value read another one; graph outputs keep their names. */
  replaceUses(value: string, replacement: string): void {
    for (const node of this.consumers(value)) {
      this.removeNode(node);
      node.input = node.input.map((input) => (input === value ? replacement : input));
      this.#insert(node);
    }
  }

  /** Removes nodes and initializers that no graph output, and no value of `keep`, depends on. Returns how many nodes went. */
  removeDead(keep: Iterable<string> = []): number {
    const isOutput = new Set([...this.outputNames, ...keep]);
    const isDead = (node: NodeProto): boolean =>
      node.output.every((output) => !isOutput.has(output) && (this.#consumers.get(output)?.size ?? 0) === 0);
    const candidates = this.nodes.filter(isDead);
    let removed = 0;
    for (let node = candidates.pop(); node !== undefined; node = candidates.pop()) {
      this.removeNode(node);
      removed += 1;
      const producers = new Set([...readNames(node)].flatMap((input) => this.#producers.get(input) ?? []));
      candidates.push(...[...producers].filter(isDead));
    }
    for (const name of this.#initializers.keys()) {
      if (!isOutput.has(name) && (this.#consumers.get(name)?.size ?? 0) === 0) {
        this.#initializers.delete(name);
      }
    }
    return removed;
  }

  /**
   * Writes nodes (topologically ordered) and initializers back to the message. Throws AppError `invalid_artifact` when
   * nodes form a cycle or read a value that nothing produces.
   */
  commit(): void {
    this.#proto.node = this.sortedNodes();
    this.#proto.initializer = this.initializers.slice();
    const values = new Set(this.#proto.node.flatMap(({ output }) => output));
    this.#proto.valueInfo = this.#proto.valueInfo.filter(({ name }) => values.has(name));
  }

  #insert(node: NodeProto): void {
    for (const output of node.output.filter((name) => name !== "")) {
      if (this.#producers.has(output)) {
        throw new AppError("invalid_artifact", `value "${output}" would be produced twice`);
      }
      this.#producers.set(output, node);
      this.#names.add(output);
    }
    for (const input of readNames(node)) {
      const consumers = this.#consumers.get(input) ?? new Set();
      consumers.add(node);
      this.#consumers.set(input, consumers);
      this.#names.add(input);
    }
    this.#names.add(node.name);
    this.#nodes.add(node);
  }
}

function valueInfo({ name, dataType, dims }: ValueFields): ValueInfoProto {
  const dim = dims?.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  const shape = dim === undefined ? {} : { shape: { dim } };
  return createValueInfoProto({ name, type: { tensorType: { elemType: DATA_TYPE[dataType], ...shape } } });
}

/** Every value a node needs: its inputs, and what its subgraphs take from outside. */
function readNames(node: NodeProto): ReadonlySet<string> {
  return new Set([...node.input.filter((name) => name !== ""), ...outerNames(node)]);
}

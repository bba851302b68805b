import { AppError } from "../../src/shared/errors.ts";
import { DATA_TYPE } from "./data-type.ts";
import type { Graph } from "./graph.ts";
import type { NodeProto } from "./proto.ts";
import { tensorDims } from "./tensor.ts";

/** Every layer of a transformer has one of these. */
const MATRIX_PRODUCT = /MatMul|Gemm|Attention/u;

/** What tells of a value's size, not of what it holds. */
const SIZE_OPERATORS = ["Shape", "Size"];

/**
 * The values between the layers of a transformer, by the graph's form alone: `[i]` goes into layer i, `[i + 1]` comes out.
 * Values that every way from the token embeddings to the output passes through (the residual stream, while attention and
 * feed-forward have a bypass) cut the graph into segments; the layers are the longest run of a group of segments that repeats
 * with equal operators and weight shapes. Where groups can be placed in several ways the last one counts, so that layers as
 * BERT's end with their own normalisation. A first layer of another form than the rest counts as embedding.
 * @throws AppError `invalid_artifact` when there are no token embeddings, or no two equal layers.
 */
export function transformerLayers(graph: Graph, output: string): readonly string[] {
  const cuts = cutsBetween(graph, output);
  const signatures = cuts.map(({ segment }) =>
    segment
      .map((node) => signatureOf(graph, node))
      .toSorted()
      .join(" "),
  );
  const found = longestRepetition(signatures);
  if (found === undefined) {
    throw new AppError(
      "invalid_artifact",
      `no layers were found between the token embeddings and output "${output}": expected at least two of equal operators and weight shapes`,
    );
  }
  const { start, period, repeats } = found;
  return Array.from({ length: repeats + 1 }, (_, layer) => cuts[start - 1 + layer * period]?.value ?? "");
}

/** A value that all ways pass through, and the nodes between the cut before and it. */
interface Cut {
  readonly value: string;
  readonly segment: readonly NodeProto[];
}

function cutsBetween(graph: Graph, output: string): Cut[] {
  const { nodes, sources } = hiddenStateNodes(graph, output);
  const isSource = new Set(sources);
  const inside = new Set(nodes);
  /** Values that are there, by how many nodes still read them. */
  const open = new Map<string, number>();
  const cuts: Cut[] = [];
  let segment: NodeProto[] = [];
  let sourcesLeft = sources.length;
  for (const node of nodes) {
    segment.push(node);
    sourcesLeft -= Number(isSource.has(node));
    for (const input of new Set(node.input)) {
      const left = (open.get(input) ?? 0) - 1;
      if (left > 0) {
        open.set(input, left);
      } else {
        open.delete(input);
      }
    }
    for (const value of node.output) {
      const readers = graph.consumers(value).filter((reader) => inside.has(reader)).length;
      if (readers > 0 || value === output) {
        open.set(value, readers);
      }
    }
    const [value] = open.keys();
    if (open.size === 1 && sourcesLeft === 0 && value !== undefined) {
      cuts.push({ value, segment });
      segment = [];
    }
  }
  return cuts;
}

interface HiddenStateNodes {
  /** What computes the output from token embeddings, in topological order; masks, positions and shapes are not in it. */
  readonly nodes: readonly NodeProto[];
  /** Those that look token embeddings up. */
  readonly sources: readonly NodeProto[];
}

function hiddenStateNodes(graph: Graph, output: string): HiddenStateNodes {
  const fromTokens = new Set(["input_ids"]);
  const states = new Set<string>();
  const sources: NodeProto[] = [];
  const found: NodeProto[] = [];
  for (const node of graph.sortedNodes().filter(({ opType }) => !SIZE_OPERATORS.includes(opType))) {
    const [table = "", indices = ""] = node.input;
    const isLookup = node.opType === "Gather" && fromTokens.has(indices) && isWeight(graph, table);
    const isState = isLookup || node.input.some((name) => states.has(name));
    if (isLookup && !states.has(table)) {
      sources.push(node);
    }
    if (isState) {
      found.push(node);
    }
    for (const value of node.output.filter((name) => name !== "")) {
      if (isState) {
        states.add(value);
      }
      if (node.input.some((name) => fromTokens.has(name))) {
        fromTokens.add(value);
      }
    }
  }
  const needed = new Set([output]);
  const nodes = found.toReversed().filter((node) => {
    const isNeeded = node.output.some((value) => needed.has(value));
    for (const input of isNeeded ? node.input : []) {
      needed.add(input);
    }
    return isNeeded;
  });
  return { nodes: nodes.toReversed(), sources: sources.filter((node) => nodes.includes(node)) };
}

function isWeight(graph: Graph, name: string): boolean {
  const tensor = graph.initializer(name);
  return tensor?.dataType === DATA_TYPE.float && tensorDims(tensor).some((size) => size > 1);
}

/** "MatMul[384,1536]": the operator with the shapes of its weights. */
function signatureOf(graph: Graph, { opType, input }: NodeProto): string {
  const shapes = input.flatMap((name) => {
    const tensor = graph.initializer(name);
    return tensor !== undefined && isWeight(graph, name) ? [`[${tensorDims(tensor).join(",")}]`] : [];
  });
  return `${opType}${shapes.join("")}`;
}

interface Repetition {
  /** Index of the first segment. */
  readonly start: number;
  /** Segments of a group. */
  readonly period: number;
  readonly repeats: number;
}

/** The groups, at least two, that cover most segments from the second on; then the shortest group, then the last place. */
function longestRepetition(signatures: readonly string[]): Repetition | undefined {
  let best: Repetition | undefined;
  for (let period = 1; period <= signatures.length / 2; period += 1) {
    for (let start = 1; start + 2 * period <= signatures.length; start += 1) {
      let equal = 0;
      while (
        signatures[start + equal] === signatures[start + equal + period] &&
        start + equal + period < signatures.length
      ) {
        equal += 1;
      }
      const repeats = 1 + Math.floor(equal / period);
      const covered = best === undefined ? 0 : best.repeats * best.period;
      const isLayer = signatures.slice(start, start + period).some((signature) => MATRIX_PRODUCT.test(signature));
      const isLonger = repeats * period > covered || (repeats * period === covered && period === best?.period);
      if (repeats > 1 && isLayer && isLonger) {
        best = { start, period, repeats };
      }
    }
  }
  return best;
}

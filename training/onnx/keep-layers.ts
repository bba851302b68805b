import { AppError } from "../../src/shared/errors.ts";
import { Graph } from "./graph.ts";
import type { ModelProto, NodeProto } from "./proto.ts";

/** `/encoder/layer.3/`, `/transformer/layer.3/`, `/h.3/`, `/block.3/`: how exporters name the nodes of a layer. */
const LAYER_PATTERN = /(?:^|[./])(?:layers?|blocks?|h)[./](?<layer>\d+)(?:[./]|$)/u;

/**
 * Takes all other layers out of a transformer, in place: each layer that goes is bridged, what read its output reads its
 * input. Embeddings, and what follows the last layer, stay. Layers are told apart by the names of their nodes.
 * @throws AppError `invalid_artifact` when the names tell no layers, a wanted one is not there, or a layer does not hand
 *   exactly one value to the next.
 */
export function keepLayers(model: ModelProto, kept: readonly number[]): void {
  const graph = new Graph(model.graph);
  const layers = [...new Set(graph.nodes.flatMap((node) => layerOf(node) ?? []))].toSorted((a, b) => a - b);
  const missing = kept.find((layer) => !layers.includes(layer));
  if (kept.length === 0 || missing !== undefined) {
    const there = layers.length === 0 ? "its node names tell no layers" : `it has layers ${layers.join(", ")}`;
    throw new AppError("invalid_artifact", `the graph has no layer ${missing ?? "to keep"}: ${there}`);
  }
  const values = hiddenValues(graph, layers);
  for (const layer of layers.filter((candidate) => !kept.includes(candidate)).toReversed()) {
    bridge(graph, { from: values[layer] ?? "", over: values[layer + 1] ?? "" });
  }
  graph.removeDead();
  graph.commit();
}

/** What enters each layer, and at the end what leaves the last one. */
function hiddenValues(graph: Graph, layers: readonly number[]): string[] {
  const inner = layers.slice(1).map((layer) => onlyValueBetween(graph, layer - 1, layer));
  const second = inner[0] ?? fail("a transformer of one layer has none to take out");
  // Into the first layer goes what the same node of the second one reads as its hidden state.
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const entering = graph.consumers(second).flatMap((reader) => {
    const twin = nodes.get(reader.name.replace(LAYER_PATTERN, (part) => part.replace("1", "0")));
    return layerOf(reader) === 1 && twin !== undefined ? (twin.input[reader.input.indexOf(second)] ?? []) : [];
  });
  const first = only([...new Set(entering)], "embeddings and layer 0");
  const last = layers.at(-1) ?? 0;
  const outputs = new Set(graph.outputNames);
  const leaving = valuesOf(graph, last).filter(
    (value) => outputs.has(value) || graph.consumers(value).some((node) => layerOf(node) !== last),
  );
  return [first, ...inner, only(leaving, `layer ${last} and the output`)];
}

function onlyValueBetween(graph: Graph, from: number, to: number): string {
  const passed = valuesOf(graph, from).filter((value) => graph.consumers(value).some((node) => layerOf(node) === to));
  return only(passed, `layers ${from} and ${to}`);
}

function valuesOf(graph: Graph, layer: number): string[] {
  return graph.nodes.filter((node) => layerOf(node) === layer).flatMap(({ output }) => output);
}

function only(values: readonly string[], where: string): string {
  const [value] = values;
  return value !== undefined && values.length === 1
    ? value
    : fail(`between ${where} go ${values.length} values (${values.slice(0, 3).join(", ")}), expected one hidden state`);
}

/** Makes `from` take the place of `over`; a graph output keeps its name. */
function bridge(graph: Graph, { from, over }: { readonly from: string; readonly over: string }): void {
  graph.replaceUses(over, from);
  if (graph.outputNames.includes(over)) {
    const producer = graph.producer(over);
    if (producer !== undefined) {
      graph.removeNode(producer);
    }
    graph.addNode({ opType: "Identity", inputs: [from], outputs: [over] });
  }
}

function layerOf({ name }: NodeProto): number | undefined {
  const layer = LAYER_PATTERN.exec(name)?.groups?.["layer"];
  return layer === undefined ? undefined : Number(layer);
}

function fail(reason: string): never {
  throw new AppError("invalid_artifact", `layers cannot be taken out: ${reason}`);
}

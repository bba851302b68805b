import { AppError } from "../../src/shared/errors.ts";
import { copyStructure } from "./copy-structure.ts";
import { Graph } from "./graph.ts";
import type { ModelProto } from "./proto.ts";
import { transformerLayers } from "./transformer-layers.ts";

export interface KeepLayersOptions {
  /** The last hidden state; other outputs go. */
  readonly output: string;
  /** Numbers of the layers that stay, from 0 on. */
  readonly layers: readonly number[];
}

export interface KeptLayers {
  /** Shares its weights with the model given, which is not changed. */
  readonly model: ModelProto;
  /** Layers that there were. */
  readonly layerCount: number;
}

/**
 * A smaller encoder: embeddings, the chosen layers one after the other in their order, and what follows the last layer.
 * @throws AppError `invalid_request` for a layer that there is not, or given twice, and like `transformerLayers`.
 */
export function keepLayers(model: ModelProto, { output, layers }: KeepLayersOptions): KeptLayers {
  const copy = copyStructure(model);
  copy.graph.output = copy.graph.output.filter(({ name }) => name === output);
  const graph = new Graph(copy.graph);
  const borders = transformerLayers(graph, output);
  const layerCount = borders.length - 1;
  const kept = layers.toSorted((a, b) => a - b);
  if (
    kept.length === 0 ||
    kept.some((layer, index) => !(layer >= 0 && layer < layerCount) || layer === kept[index - 1])
  ) {
    const wanted = `different numbers from 0 to ${layerCount - 1}, the encoder has ${layerCount} layers`;
    throw new AppError("invalid_request", `--layers ${layers.join(",")}: expected ${wanted}`);
  }
  let [current = ""] = borders;
  for (const layer of kept) {
    join(graph, { from: current, to: borders[layer] ?? "" });
    current = borders[layer + 1] ?? "";
  }
  join(graph, { from: current, to: borders[layerCount] ?? "" });
  graph.removeDead();
  graph.commit();
  return { model: copy, layerCount };
}

/** Lets what reads `to`, the graph's own output included, have the value of `from`. */
function join(graph: Graph, { from, to }: { readonly from: string; readonly to: string }): void {
  if (from === to) {
    return;
  }
  graph.replaceUses(to, from);
  if (!graph.outputNames.includes(to)) {
    return;
  }
  // Outputs keep their names: the last layer's node takes over the name.
  const [node, replaced] = [graph.producer(from), graph.producer(to)];
  if (node === undefined || replaced === undefined) {
    throw new AppError("internal", `layers end with "${from}" and "${to}", which no node produces`);
  }
  graph.removeNode(replaced);
  graph.removeNode(node);
  graph.addNode({
    opType: node.opType,
    name: node.name,
    domain: node.domain,
    attributes: node.attribute,
    inputs: node.input,
    outputs: node.output.map((name) => (name === from ? to : name)),
  });
  graph.replaceUses(from, to);
}

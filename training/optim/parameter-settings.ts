import type { Parameter } from "./parameter.ts";

/** How one parameter is trained. */
export interface ParameterSetting {
  readonly isFrozen: boolean;
  /** Decoupled weight decay a step, before the learning rate. */
  readonly weightDecay: number;
  /** Factor of the learning rate, and so of the decay too. */
  readonly rateScale: number;
}

export interface ParameterSettingsOptions {
  /** Of matrices. Biases and norms never decay unless `decaysVectors`. Default 0. */
  readonly weightDecay?: number;
  /** Decay biases and norms too, as plain `torch.optim.AdamW` does. Default false. */
  readonly decaysVectors?: boolean;
  /**
   * Layer-wise rate decay (Howard and Ruder, ULMFiT, ACL 2018): the last layer has the full rate, each layer below it this
   * factor less, embeddings one less than the first layer. Default 1: all alike.
   */
  readonly layerDecay?: number;
  /** Parameters whose name or path contains one of these are not trained: `["embeddings.", "layer.0."]`. Default none. */
  readonly frozen?: readonly string[];
}

/** `encoder.layer.3.`, `/encoder/layer.3/`, `h.3.`, `block.3.`, `layers.3.`: the number is the layer's. */
const LAYER_PATTERN = /(?:^|[./])(?:layers?|blocks?|h)[./](?<layer>\d+)(?:[./]|$)/u;
const EMBEDDING_PATTERN = /embed|(?:^|[./])(?:shared|wte|wpe)(?:[./]|$)/iu;
const NORM_OR_BIAS_PATTERN =
  /(?:^|[./_])bias$|(?:layer_?norm|(?:^|[./_])ln_?[a-z\d]*|norm)[./](?:weight|gamma|beta|scale)$/iu;

/**
 * The setting of every parameter, by name. Biases and norms are recognised by rank (tensors of at most one axis, which is
 * all of them in practice) or by name (`….bias`, `…LayerNorm.weight`, `….norm.weight`). The layer is the number after
 * `layer`, `layers`, `block`, `blocks` or `h` in the name or, failing that, in the path; what has none is below the first
 * layer when it is called an embedding, else above the last one: a head, a final norm.
 */
export function parameterSettings(
  parameters: readonly Parameter[],
  { weightDecay = 0, decaysVectors = false, layerDecay = 1, frozen = [] }: ParameterSettingsOptions = {},
): ReadonlyMap<string, ParameterSetting> {
  const layers = parameters.map(layerOf);
  const lastLayer = Math.max(-1, ...layers.map((layer) => layer ?? -1));
  return new Map(
    parameters.map((parameter, index) => [
      parameter.name,
      {
        isFrozen: frozen.some((part) => parameter.name.includes(part) || (parameter.path ?? "").includes(part)),
        weightDecay: !decaysVectors && isNormOrBias(parameter) ? 0 : weightDecay,
        rateScale: layerDecay ** (lastLayer - (layers[index] ?? lastLayer)),
      },
    ]),
  );
}

function isNormOrBias({ name, dims }: Parameter): boolean {
  return dims.length <= 1 || NORM_OR_BIAS_PATTERN.test(name);
}

/** -1 for embeddings; undefined for what belongs to no layer. */
function layerOf({ name, path = "" }: Parameter): number | undefined {
  const layer = (LAYER_PATTERN.exec(name) ?? LAYER_PATTERN.exec(path))?.groups?.["layer"];
  if (layer !== undefined) {
    return Number(layer);
  }
  return EMBEDDING_PATTERN.test(name) || EMBEDDING_PATTERN.test(path) ? -1 : undefined;
}

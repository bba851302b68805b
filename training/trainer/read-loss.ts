/** The scalar output `loss` of a run. */
export function readLoss(outputs: ReadonlyMap<string, { readonly data: Float32Array }>): number {
  return outputs.get("loss")?.data[0] ?? NaN;
}

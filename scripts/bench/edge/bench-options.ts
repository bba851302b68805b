/** What the command line of `edge.ts` says to its sections. */
export interface BenchOptions {
  /** Folder of a further ONNX encoder to be measured beside (`manifest.json` is needed to serve it). */
  readonly otherOnnx: string | undefined;
  /** May have faiss. */
  readonly python: string;
}

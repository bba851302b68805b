import { encodeQueryAdapter } from "../../src/encoder/query-adapter.ts";
import type { QueryAdapterManifest } from "../../src/encoder/query-adapter.ts";

export interface RandomAdapterOptions {
  readonly seed: number;
  readonly dims?: number;
  /** Of the weights; 0 is the identity. */
  readonly scale?: number;
  /** Default float32. */
  readonly dtype?: "float32" | "float16";
  readonly manifest?: Partial<QueryAdapterManifest>;
}

/** The file of a linear adapter with weights that depend on the seed, for the fake encoder unless the manifest says otherwise. */
export async function randomAdapter({
  seed,
  dims = 16,
  scale = 0.5,
  dtype = "float32",
  manifest = {},
}: RandomAdapterOptions): Promise<Uint8Array> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
    return state / 2 ** 32 - 0.5;
  };
  const data = Float32Array.from({ length: dims * dims }, () => (scale * next()) / Math.sqrt(dims));
  return await encodeQueryAdapter(
    {
      name: `random-${seed}`,
      kind: "linear",
      dims,
      normalize: true,
      compatibleWith: "f".repeat(64),
      queryModel: "a".repeat(64),
      provenance: {},
      ...manifest,
    },
    new Map([["delta", { shape: [dims, dims], data: dtype === "float16" ? Float16Array.from(data) : data }]]),
  );
}

/** sha256 in hex. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../shared/safetensors.ts";
import type { SafetensorsTensor } from "../shared/safetensors.ts";
import type { Encoder } from "./encoder.ts";
import { normalize } from "./vector.ts";

/** Says in the file's metadata what it is; the manifest stands beside it as JSON. */
const FORMAT = "aar-query-adapter";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/u, "expected 64 lower-case hex digits");

export const queryAdapterManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string().min(1).max(128),
  kind: z.enum(["linear", "low-rank", "mlp"]),
  /** Of the embeddings that it maps. */
  dims: z.int().positive(),
  /** Bring the result back to unit length, as the encoder does. */
  normalize: z.boolean(),
  /** Fingerprint of the passage encoder whose vectors the adapted queries search. */
  compatibleWith: sha256,
  /** sha256 of the model whose query embeddings it was trained on. */
  queryModel: sha256,
  /** sha256 (hex) of the weights, as they lie in the file. */
  weightsSha256: sha256,
  /** What it was trained on. */
  provenance: z.record(z.string(), z.unknown()),
});

export type QueryAdapterManifest = z.infer<typeof queryAdapterManifestSchema>;
export type QueryAdapterKind = QueryAdapterManifest["kind"];

/** Tensors by name, float32 or, for half the file, float16; see `ADAPTER_FORMULAS`. */
export type AdapterWeights = ReadonlyMap<string, SafetensorsTensor>;

/** A small residual map on query embeddings, learned for one corpus; the passages' vectors stay as they are. */
export interface QueryAdapter {
  readonly manifest: QueryAdapterManifest;
  /** sha256 (hex) of the file: which adapter a query was answered with. */
  readonly sha256: string;
  /** The adapted embedding; `embedding` is left alone. */
  apply(embedding: Float32Array): Float32Array;
}

interface AdapterFormula {
  /** Names of the tensors; all are matrices (rows, columns) but those of one letter b, a row. */
  readonly tensors: readonly string[];
  apply(embedding: Float32Array, weights: AdapterWeights): Float32Array;
}

/** With all of the last matrix 0, as at the start of training, each is the identity. */
const ADAPTER_FORMULAS: Readonly<Record<QueryAdapterKind, AdapterFormula>> = {
  /** q + qD; D is (dims, dims). */
  linear: {
    tensors: ["delta"],
    apply: (q, weights) => sum(q, product(q, weights, "delta")),
  },
  /** q + (qA)B; A is (dims, rank), B is (rank, dims). */
  "low-rank": {
    tensors: ["down", "up"],
    apply: (q, weights) => sum(q, product(product(q, weights, "down"), weights, "up")),
  },
  /** q + max(0, qA + b)B; A is (dims, hidden), B is (hidden, dims). */
  mlp: {
    tensors: ["down", "b", "up"],
    apply: (q, weights) => {
      const hidden = sum(product(q, weights, "down"), floats(weights, "b"));
      return sum(
        q,
        product(
          hidden.map((value) => Math.max(0, value)),
          weights,
          "up",
        ),
      );
    },
  },
};

/** What an adapter with these weights makes of an embedding. The weights' shapes are the caller's word. */
export function applyAdapterWeights(
  { kind, normalize: isUnit }: Pick<QueryAdapterManifest, "kind" | "normalize">,
  weights: AdapterWeights,
  embedding: Float32Array,
): Float32Array {
  const adapted = ADAPTER_FORMULAS[kind].apply(embedding, weights);
  return isUnit ? normalize(adapted) : adapted;
}

/** The bytes of an adapter file: safetensors with the manifest in its metadata. The same input gives the same bytes. */
export async function encodeQueryAdapter(
  manifest: Omit<QueryAdapterManifest, "weightsSha256" | "schemaVersion">,
  weights: AdapterWeights,
): Promise<Uint8Array> {
  const full: QueryAdapterManifest = { schemaVersion: 1, ...manifest, weightsSha256: await weightsDigest(weights) };
  checkWeights(full, weights, "adapter");
  const metadata = { format: FORMAT, manifest: JSON.stringify(full) };
  return concatenate([...encodeSafetensors({ tensors: weights, metadata })]);
}

/**
 * Reads an adapter file. `name` begins the messages of errors.
 * @throws AppError `invalid_artifact` when it is no adapter, is damaged, or its weights have other shapes than its manifest says.
 */
export async function decodeQueryAdapter(bytes: Uint8Array, name: string): Promise<QueryAdapter> {
  const { tensors: stored, metadata } = decodeSafetensors(bytes, name);
  const manifest = parseManifest(metadata, name);
  if ((await weightsDigest(stored)) !== manifest.weightsSha256) {
    throw new AppError("invalid_artifact", `${name}: its weights are not those of its manifest; fetch it again`);
  }
  checkWeights(manifest, stored, name);
  const weights: AdapterWeights = new Map(
    [...stored].map(([tensor, { shape }]) => [tensor, { shape, data: floats(stored, tensor) }]),
  );
  return {
    manifest,
    sha256: await digest(bytes),
    apply(embedding) {
      if (embedding.length !== manifest.dims) {
        throw new AppError(
          "dims_mismatch",
          `adapter "${manifest.name}" maps ${manifest.dims} dimensions, got an embedding of ${embedding.length}`,
        );
      }
      return applyAdapterWeights(manifest, weights, embedding);
    },
  };
}

/**
 * The encoder with its query embeddings adapted; passages are untouched, so an index stays valid.
 * @throws AppError `fingerprint_mismatch` when the adapter was trained for the vectors or the queries of another encoder.
 */
export function adaptEncoder(encoder: Encoder, adapter: QueryAdapter): Encoder {
  const { name, compatibleWith, queryModel } = adapter.manifest;
  if (compatibleWith !== encoder.fingerprint || queryModel !== encoder.manifest.model.sha256) {
    throw new AppError(
      "fingerprint_mismatch",
      `adapter "${name}" was trained for passage vectors ${compatibleWith} and query model ${queryModel}; ` +
        `encoder "${encoder.manifest.name}" has ${encoder.fingerprint} and ${encoder.manifest.model.sha256}: train one for it`,
    );
  }
  return {
    ...encoder,
    adapterSha256: adapter.sha256,
    async encodeQueries(queries, options) {
      const encoded = await encoder.encodeQueries(queries, options);
      return { ...encoded, embeddings: encoded.embeddings.map((embedding) => adapter.apply(embedding)) };
    },
  };
}

function parseManifest(metadata: Readonly<Record<string, string>>, name: string): QueryAdapterManifest {
  if (metadata["format"] !== FORMAT) {
    throw new AppError("invalid_artifact", `${name} is no query adapter: its metadata does not say ${FORMAT}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(metadata["manifest"] ?? "");
  } catch (cause) {
    throw new AppError("invalid_artifact", `${name}: its manifest is not JSON`, { cause });
  }
  const parsed = queryAdapterManifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${name}: its manifest is invalid: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Each factor must take what the one before it gives, from `dims` to `dims`. */
function checkWeights({ kind, dims }: QueryAdapterManifest, weights: AdapterWeights, name: string): void {
  const { tensors } = ADAPTER_FORMULAS[kind];
  const fail = (reason: string): never => {
    throw new AppError("invalid_artifact", `${name}: a ${kind} adapter of ${dims} dimensions ${reason}`);
  };
  if (weights.size !== tensors.length || !tensors.every((tensor) => weights.has(tensor))) {
    fail(`has tensors ${tensors.join(", ")}; found ${[...weights.keys()].join(", ")}`);
  }
  let width = dims;
  for (const tensor of tensors) {
    const { shape, data } = weights.get(tensor) ?? { shape: [], data: undefined };
    const [rows, columns = rows] = shape;
    const isRow = tensor === "b";
    if (
      !(data instanceof Float32Array || data instanceof Float16Array) ||
      shape.length !== (isRow ? 1 : 2) ||
      rows !== width ||
      columns === undefined
    ) {
      fail(`cannot have "${tensor}" of shape [${shape.join(", ")}] after ${width} values`);
    }
    width = columns ?? 0;
  }
  if (width !== dims) {
    fail(`ends with ${width} values`);
  }
  for (const tensor of tensors) {
    if (!floats(weights, tensor).every((value) => Number.isFinite(value))) {
      fail(`has a value in "${tensor}" that is not finite; it was damaged or its training diverged`);
    }
  }
}

function product(row: Float32Array, weights: AdapterWeights, name: string): Float32Array {
  const matrix = floats(weights, name);
  const columns = matrix.length / row.length;
  const sums = new Float64Array(columns);
  for (let i = 0; i < row.length; i += 1) {
    const value = row[i] ?? 0;
    const offset = i * columns;
    for (let j = 0; j < columns; j += 1) {
      sums[j] = (sums[j] ?? 0) + value * (matrix[offset + j] ?? 0);
    }
  }
  return Float32Array.from(sums);
}

function sum(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value + (b[index] ?? 0));
}

/** `checkWeights` has seen that it is there and of such a type. */
function floats(weights: AdapterWeights, name: string): Float32Array {
  const data = weights.get(name)?.data;
  if (data instanceof Float32Array) {
    return data;
  }
  return data instanceof Float16Array ? Float32Array.from(data) : new Float32Array(0);
}

/** Over names, shapes and values, in the order of names. */
async function weightsDigest(weights: AdapterWeights): Promise<string> {
  const ordered = new Map([...weights].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return await digest(concatenate([...encodeSafetensors({ tensors: ordered, metadata: {} })]));
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, { byteLength }) => total + byteLength, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.byteLength;
  }
  return whole;
}

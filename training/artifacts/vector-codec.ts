export const VECTOR_DTYPES = ["float32", "int8"] as const;
export type VectorDtype = (typeof VECTOR_DTYPES)[number];

/** How one vector lies in a file. Everything is little-endian, vectors follow each other without padding. */
interface VectorCodec {
  bytesPerVector(dims: number): number;
  write(vector: Float32Array, view: DataView, offset: number): void;
  read(view: DataView, offset: number, into: Float32Array): void;
}

/** The largest magnitude of the int8 codes: symmetric, so -128 stays unused. */
const INT8_MAX = 127;

const CODECS: Readonly<Record<VectorDtype, VectorCodec>> = {
  /** `dims` x float32. */
  float32: {
    bytesPerVector: (dims) => dims * 4,
    write(vector, view, offset) {
      for (let i = 0; i < vector.length; i++) {
        view.setFloat32(offset + i * 4, vector[i] ?? 0, true);
      }
    },
    read(view, offset, into) {
      for (let i = 0; i < into.length; i++) {
        into[i] = view.getFloat32(offset + i * 4, true);
      }
    },
  },
  /** One float32 scale, then `dims` x int8; a value is scale x code, scale = max |value| / 127. The zero vector has scale 0. */
  int8: {
    bytesPerVector: (dims) => 4 + dims,
    write(vector, view, offset) {
      let largest = 0;
      for (const value of vector) {
        largest = Math.max(largest, Math.abs(value));
      }
      const scale = Math.fround(largest / INT8_MAX);
      view.setFloat32(offset, scale, true);
      for (let i = 0; i < vector.length; i++) {
        const code = scale === 0 ? 0 : Math.round((vector[i] ?? 0) / scale);
        view.setInt8(offset + 4 + i, Math.max(-INT8_MAX, Math.min(INT8_MAX, code)));
      }
    },
    read(view, offset, into) {
      const scale = view.getFloat32(offset, true);
      for (let i = 0; i < into.length; i++) {
        into[i] = scale * view.getInt8(offset + 4 + i);
      }
    },
  },
};

/** Bytes of one vector in a file of that dtype. */
export function bytesPerVector(dtype: VectorDtype, dims: number): number {
  return CODECS[dtype].bytesPerVector(dims);
}

/** The bytes of vectors that all have `dims` dimensions. */
export function packVectors(vectors: readonly Float32Array[], dtype: VectorDtype): Uint8Array {
  const codec = CODECS[dtype];
  const stride = codec.bytesPerVector(vectors[0]?.length ?? 0);
  const bytes = new Uint8Array(vectors.length * stride);
  const view = new DataView(bytes.buffer);
  for (const [index, vector] of vectors.entries()) {
    codec.write(vector, view, index * stride);
  }
  return bytes;
}

export interface UnpackVectorsOptions {
  readonly dtype: VectorDtype;
  readonly dims: number;
  /** Row-major, (count, dims); filled from its start. */
  readonly into: Float32Array;
}

/** Reads whole vectors from `bytes` into a matrix and returns how many there were. */
export function unpackVectors(bytes: Uint8Array, { dtype, dims, into }: UnpackVectorsOptions): number {
  const codec = CODECS[dtype];
  const stride = codec.bytesPerVector(dims);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.byteLength / stride);
  for (let index = 0; index < count; index++) {
    codec.read(view, index * stride, into.subarray(index * dims, (index + 1) * dims));
  }
  return count;
}

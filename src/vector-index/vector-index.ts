/**
 * The part of Cloudflare's Vectorize (V2) binding that we use, as one interface of our own: the binding of a real index,
 * the embedded index, and the tests' fake all satisfy it. Source of the shapes: workerd types/defines/vectorize.d.ts.
 */
export interface VectorIndex {
  describe(): Promise<VectorIndexInfo>;
  query(vector: Float32Array | number[], options?: VectorQueryOptions): Promise<VectorMatches>;
  queryById(id: string, options?: VectorQueryOptions): Promise<VectorMatches>;
  insert(vectors: VectorRecord[]): Promise<VectorMutation>;
  upsert(vectors: VectorRecord[]): Promise<VectorMutation>;
  getByIds(ids: string[]): Promise<VectorRecord[]>;
  deleteByIds(ids: string[]): Promise<VectorMutation>;
}

export type VectorMetadataValue = string | number | boolean | string[];
export type VectorMetadata = Record<string, VectorMetadataValue | Record<string, VectorMetadataValue>>;
export type VectorFilterValue = string | number | boolean | null;
export type VectorFilterCondition =
  | VectorFilterValue
  | { [operator in "$eq" | "$ne" | "$lt" | "$lte" | "$gt" | "$gte"]?: VectorFilterValue }
  | { [operator in "$in" | "$nin"]?: VectorFilterValue[] };
/** Keys are ANDed; a dot in a key descends into nested metadata. */
export type VectorFilter = Record<string, VectorFilterCondition>;

export interface VectorRecord {
  /** At most 64 bytes of UTF-8. */
  id: string;
  values: Float32Array | number[];
  namespace?: string;
  metadata?: VectorMetadata;
}

export interface VectorQueryOptions {
  /** Default 5; at most 100, at most 50 with values or all metadata. */
  topK?: number;
  namespace?: string;
  returnValues?: boolean;
  /** Default "none". Not `false`: Vectorize's binding passes that on and the service refuses it (error 40026). */
  returnMetadata?: true | "none" | "indexed" | "all";
  filter?: VectorFilter;
}

export interface VectorMatch {
  id: string;
  /** cosine: -1..1, 1 best; euclidean: distance, 0 best; dot-product: the NEGATIVE dot product, smallest best. */
  score: number;
  values?: number[];
  namespace?: string;
  metadata?: VectorMetadata;
}

export interface VectorMatches {
  matches: VectorMatch[];
  count: number;
}

export interface VectorMutation {
  mutationId: string;
}

export interface VectorIndexInfo {
  vectorCount: number;
  dimensions: number;
  processedUpToDatetime: string;
  processedUpToMutation: string;
}

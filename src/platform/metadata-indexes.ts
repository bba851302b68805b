import type { EmbeddedIndexSettings } from "../vector-index/embedded-index-settings.ts";
import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import {
  indexedValue,
  isRecord,
  metadataKeyFault,
  METADATA_INDEX_TYPES,
  type IndexedValue,
  type MetadataIndex,
} from "../vector-index/metadata.ts";
import type { AcceptedVector } from "../vector-index/vector-input.ts";
import { vectorizeProblem } from "../vector-index/vectorize-problem.ts";
import type { IndexedVector, NumberedMetadataIndex, VectorStore } from "./vector-store.ts";

/** The index's metadata indexes: at most ten, those of the settings first. */
export class MetadataIndexes {
  readonly #store: VectorStore;
  #indexes: readonly NumberedMetadataIndex[];

  /** Creates what the settings name and the store lacks; throws when a stored index has another type. */
  constructor(store: VectorStore, settings: EmbeddedIndexSettings) {
    this.#store = store;
    this.#indexes = store.metadataIndexes();
    for (const [propertyName, indexType] of Object.entries(settings.metadataIndexes)) {
      const existing = this.#indexes.find((index) => index.propertyName === propertyName);
      if (existing === undefined) {
        this.create({ propertyName, indexType });
      } else if (existing.indexType !== indexType) {
        throw vectorizeProblem(
          "invalidConfiguration",
          `metadata index "${propertyName}" is of type ${existing.indexType}, EMBEDDED_VECTORIZE says ${indexType}; delete it with deleteMetadataIndex first`,
        );
      }
    }
  }

  list(): MetadataIndex[] {
    return this.#indexes.map(({ propertyName, indexType }) => ({ propertyName, indexType }));
  }

  /** Checks and creates `{propertyName, indexType}`: vectors written from now on are filterable by it. */
  create(input: unknown): MetadataIndex {
    const index = parseMetadataIndex(input);
    if (this.#indexes.some(({ propertyName }) => propertyName === index.propertyName)) {
      throw vectorizeProblem("invalidMetadataIndex", `metadata index "${index.propertyName}" exists already`);
    }
    if (this.#indexes.length >= VECTORIZE_LIMITS.metadataIndexes) {
      throw vectorizeProblem(
        "tooManyMetadataIndexes",
        `max metadata index count is ${VECTORIZE_LIMITS.metadataIndexes}`,
      );
    }
    this.#store.addMetadataIndex(index);
    this.#indexes = this.#store.metadataIndexes();
    return index;
  }

  /** Deletes `{propertyName}`; an index made again under the same name starts empty. */
  delete(input: unknown): string {
    const propertyName = isRecord(input) ? input["propertyName"] : undefined;
    const index = this.#indexes.find((candidate) => candidate.propertyName === propertyName);
    if (index === undefined) {
      throw vectorizeProblem("invalidMetadataIndex", `no metadata index "${String(propertyName)}"`);
    }
    this.#store.deleteMetadataIndex(index.propertyName);
    this.#indexes = this.#store.metadataIndexes();
    return index.propertyName;
  }

  /** Notes what today's indexes see of a vector. */
  indexVector(vector: AcceptedVector): IndexedVector {
    const metadata: unknown =
      vector.metadata === null || this.#indexes.length === 0 ? null : JSON.parse(vector.metadata);
    const values: Record<number, IndexedValue> = {};
    for (const index of isRecord(metadata) ? this.#indexes : []) {
      const value = isRecord(metadata) ? indexedValue(metadata, index) : undefined;
      if (value !== undefined) {
        values[index.number] = value;
      }
    }
    return { ...vector, indexed: Object.keys(values).length === 0 ? null : JSON.stringify(values) };
  }

  /** Reads what `indexVector` noted, as far as the indexes still exist. */
  readIndexed(json: string | null): [propertyName: string, value: IndexedValue][] {
    if (json === null) {
      return [];
    }
    // Written by `indexVector`, from indexed values only.
    const values = JSON.parse(json) as Record<string, IndexedValue>;
    return this.#indexes.flatMap(({ number, propertyName }) => {
      const value = values[number];
      return value === undefined ? [] : [[propertyName, value]];
    });
  }
}

function parseMetadataIndex(input: unknown): MetadataIndex {
  const { propertyName, indexType } = isRecord(input) ? input : {};
  const type = METADATA_INDEX_TYPES.find((name) => name === indexType);
  if (type === undefined) {
    throw vectorizeProblem(
      "invalidMetadataIndex",
      `metadata index type must be one of ${METADATA_INDEX_TYPES.join(", ")}`,
    );
  }
  if (typeof propertyName !== "string" || propertyName.length > VECTORIZE_LIMITS.keyLength) {
    throw vectorizeProblem(
      "invalidMetadataIndex",
      `property name must be a string of at most ${VECTORIZE_LIMITS.keyLength} characters`,
    );
  }
  for (const key of propertyName.split(".")) {
    const fault = metadataKeyFault(key);
    if (fault !== undefined) {
      throw vectorizeProblem("invalidMetadataIndex", `property name "${propertyName}" is invalid: "${key}" ${fault}`);
    }
  }
  return { propertyName, indexType: type };
}

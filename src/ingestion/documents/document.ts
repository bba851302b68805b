import type { VectorMetadata } from "../../vector-index/vector-index.ts";
import type { DocumentFormatName } from "../reading/document-formats.ts";

/** What a document is, apart from its content. */
export interface DocumentFacts {
  /** Unique within its collection. */
  readonly id: string;
  /** Empty: the title that the content itself has, or none. */
  readonly title: string;
  readonly url: string;
  /** Of each of its passages. */
  readonly metadata: VectorMetadata;
  readonly format: DocumentFormatName;
  /** Of the content, in UTF-8. */
  readonly bytes: number;
  /** sha256 (hex) of everything that was sent. */
  readonly digest: string;
  /** Of a passage, with its title. */
  readonly maxTokens: number;
  readonly overlapTokens: number;
}

/** Where the content of a version lies until it is split. */
export interface DocumentSource {
  readonly key: string;
  /** Whether it is this version's alone, to be deleted with it. An attached file is not. */
  readonly isOwned: boolean;
}

/** Whose key a version came with: what it took to encode it is counted there. */
export interface Payer {
  readonly keyId: string;
  readonly tenant: string;
}

export const VERSION_STATES = ["splitting", "encoding", "publishing", "live", "failed", "retired"] as const;
export type VersionState = (typeof VERSION_STATES)[number];

/** One sending of a document: it becomes live as a whole, or fails, or is overtaken by the next one. */
export interface DocumentVersion extends DocumentFacts {
  /** Never used twice, in no collection. */
  readonly version: number;
  readonly collection: string;
  readonly state: VersionState;
  /** Undefined: it was split when it came. */
  readonly source: DocumentSource | undefined;
  readonly payer: Payer | undefined;
  /** Whether what it took to encode it was counted. */
  readonly isMetered: boolean;
  readonly passageCount: number;
  readonly embedTokens: number;
  readonly error: DocumentError | undefined;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly progressedAt: number;
  /** Unix seconds; when content or vectors of it may last have been written. Undefined: never. */
  readonly writtenAt: number | undefined;
}

/** `DocumentError.code` of a version that its owner stopped. */
export const CANCELLED = "cancelled";

export interface DocumentError {
  readonly code: string;
  readonly message: string;
}

export const DOCUMENT_STATUSES = ["in_progress", "completed", "failed", "cancelled"] as const;
export type DocumentStatus = (typeof DOCUMENT_STATUSES)[number];

/** A document as its owner sees it: its latest version, and whether passages of it are found. */
export interface DocumentRecord {
  readonly id: string;
  readonly collection: string;
  /** Of the latest version. A document that came as passages with vectors is `completed`. */
  readonly status: DocumentStatus;
  /** Passages that searches find now, of the version before while a newer one is in progress. */
  readonly passageCount: number;
  /** Undefined: the document came as passages with vectors. */
  readonly latest: DocumentVersion | undefined;
}

import type { RetrievalMode, RetrieveOutcome, UsedQuerySide } from "../retrieval/types.ts";

/** What one query side found. */
interface FoundBySide {
  readonly encoder: string;
  readonly adapter: string | null;
  /** sha256 of the adapter's file. */
  readonly adapterSha256: string | null;
  /** Of passages, best first. */
  readonly ids: readonly string[];
}

/** What a collection's shadow found beside what was served. */
export interface ShadowRecord {
  readonly collection: string;
  readonly requestId?: string;
  readonly mode: RetrievalMode;
  readonly served: FoundBySide;
  readonly shadow: FoundBySide;
  /** Share of the served passages that the shadow found too; 1 when neither found any. */
  readonly overlap: number;
  /** Whether both put the same passage first. */
  readonly isSameFirst: boolean;
  /** Only when the collection's settings ask for it. */
  readonly query?: string;
}

/** How often a shadow would have changed what was served. */
export interface ShadowSummary {
  readonly served: string | null;
  readonly shadow: string | null;
  readonly requests: number;
  readonly meanOverlap: number;
  /** Share of the requests with another passage first. */
  readonly changedFirst: number;
}

/** Where shadow records are kept. Collections must exist. */
export interface ShadowStore {
  add(record: ShadowRecord): Promise<void>;
  /** By pair of adapters (null: none), over the records that are kept. */
  summarize(collection: string): Promise<readonly ShadowSummary[]>;
}

/** Compares two outcomes of one query. */
export function compareOutcomes(
  served: RetrieveOutcome,
  shadow: RetrieveOutcome,
): Pick<ShadowRecord, "served" | "shadow" | "overlap" | "isSameFirst"> {
  const [servedIds, shadowIds] = [idsOf(served), idsOf(shadow)];
  const found = new Set(shadowIds);
  const common = servedIds.filter((id) => found.has(id)).length;
  return {
    served: { ...describeSide(served.querySide), ids: servedIds },
    shadow: { ...describeSide(shadow.querySide), ids: shadowIds },
    overlap: servedIds.length === 0 ? Number(shadowIds.length === 0) : common / servedIds.length,
    isSameFirst: servedIds[0] === shadowIds[0],
  };
}

function idsOf({ passages }: RetrieveOutcome): string[] {
  return passages.map(({ passage }) => passage.id);
}

function describeSide(side: UsedQuerySide | undefined): Omit<FoundBySide, "ids"> {
  return {
    encoder: side?.encoder ?? "",
    adapter: side?.adapter?.name ?? null,
    adapterSha256: side?.adapter?.sha256 ?? null,
  };
}

import { documentId, type Library, sightingOf, wordOf } from "./library.ts";

export interface QueryTally {
  queries: number;
  /** Answers that were no answer, by their status or error. */
  readonly failures: string[];
  /** Answers that a search of whole documents cannot give. */
  readonly halfVisible: string[];
  /** Answers from one leg because the other failed. */
  degraded: number;
  readonly milliseconds: number[];
}

export interface QueryClientOptions {
  readonly url: string;
  readonly collection: string;
  readonly library: Library;
  /** Documents that were live at some time: they may not be missing any more. */
  readonly live: ReadonlySet<string>;
  readonly tally: QueryTally;
  /** Between an answer and the next question, in milliseconds. */
  readonly pause: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const MODES = ["lexical", "hybrid", "dense"] as const;

/** Asks until told to stop, and looks at every answer. */
export async function runQueryClient(options: QueryClientOptions): Promise<void> {
  while (!options.signal.aborted) {
    await ask(options);
    await new Promise((resolve) => setTimeout(resolve, options.pause * (0.5 + options.random())));
  }
}

async function ask({ url, collection, library, live, tally, random }: QueryClientOptions): Promise<void> {
  const document = Math.floor(random() * library.documents);
  const mode = MODES[Math.floor(random() * MODES.length)] ?? "hybrid";
  const mustBeThere = live.has(documentId(document));
  const startedAt = performance.now();
  tally.queries += 1;
  try {
    const response = await fetch(`${url}/v1/retrieve`, {
      method: "POST",
      body: JSON.stringify({
        query: `what does ${wordOf(document)} treat`,
        collection,
        mode,
        top_k: 100,
        on_error: "degrade",
      }),
    });
    const text = await response.text();
    tally.milliseconds.push(performance.now() - startedAt);
    if (!response.ok) {
      tally.failures.push(`${response.status} ${text.slice(0, 200)}`);
      return;
    }
    // The Worker's own answer; only these fields are read.
    const body = JSON.parse(text) as { data: { document_id: string; text: string }[]; degraded: unknown[] };
    tally.degraded += body.degraded.length > 0 ? 1 : 0;
    lookAt(body.data, { document, mode, mustBeThere, library, tally });
  } catch (error) {
    tally.failures.push(String(error));
  }
}

interface LookOptions {
  readonly document: number;
  readonly mode: (typeof MODES)[number];
  readonly mustBeThere: boolean;
  readonly library: Library;
  readonly tally: QueryTally;
}

function lookAt(
  found: readonly { document_id: string; text: string }[],
  { document, mode, mustBeThere, library, tally }: LookOptions,
): void {
  const editions = new Map<string, Set<string>>();
  for (const passage of found) {
    const { document: id, edition } = sightingOf(passage);
    editions.set(id, (editions.get(id) ?? new Set()).add(edition));
  }
  const mixed = [...editions].filter(([, seen]) => seen.size > 1).map(([id]) => id);
  if (mixed.length > 0) {
    tally.halfVisible.push(`${mode}: two editions of ${mixed.join(", ")} in one answer`);
  }
  const own = found.filter(({ document_id: id }) => id === documentId(document)).length;
  // Words find all of a document's passages or none; meaning finds the nearest 100 of all.
  if (mode === "lexical" && own !== library.passages && (own > 0 || mustBeThere)) {
    tally.halfVisible.push(`lexical: ${own} of ${library.passages} passages of ${documentId(document)}`);
  }
  if (mode !== "lexical" && found.length === 0 && mustBeThere) {
    tally.halfVisible.push(`${mode}: nothing found, though ${documentId(document)} is there`);
  }
}

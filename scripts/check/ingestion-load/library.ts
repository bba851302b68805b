/** Documents whose every passage says what it is of, so that a part, a mix or a gap is seen in any search. */
export interface Library {
  readonly documents: number;
  /** Of each document. At most 100: one search shows all of them. */
  readonly passages: number;
}

/** The two editions of each document: the second replaces the first. */
export const EDITIONS = ["first", "second"] as const;
export type Edition = (typeof EDITIONS)[number];

const SUBJECTS = ["tides", "lanterns", "harbours", "winds", "charts", "signals", "anchors", "currents"];

export function documentId(document: number): string {
  return `document-${document}`;
}

/** A word that is in every passage of the document and in no other one's. */
export function wordOf(document: number): string {
  return `volume${document}x`;
}

/** Markdown; one passage under each heading. */
export function contentOf(document: number, edition: Edition, { passages }: Library): string {
  return Array.from({ length: passages }, (_passage, part) => {
    const subject = SUBJECTS[(document * 7 + part * 3) % SUBJECTS.length] ?? "";
    const other = SUBJECTS[(document + part * 5) % SUBJECTS.length] ?? "";
    return `## Part ${part}\n\nThe ${edition} edition of ${wordOf(document)} treats ${subject} in part ${part}, and how ${other} came to be kept in station ${(document * 31 + part * 17) % 997}.`;
  }).join("\n\n");
}

interface Sighting {
  readonly document: string;
  readonly edition: string;
}

/** What a passage of the library is of. */
export function sightingOf({ document_id: document, text }: { document_id: string; text: string }): Sighting {
  return { document, edition: /The (\w+) edition/.exec(text)?.[1] ?? "?" };
}

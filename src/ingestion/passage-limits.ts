/** Lengths of a passage's fields, in UTF-16 code units. */
export const PASSAGE_LIMITS = {
  /** D1 refuses a row of more than 2 MB; a passage that long could not be cited anyway. */
  text: 100_000,
  id: 2048,
  documentId: 2048,
  /** Its passages' ids are longer than it. */
  ingestedDocumentId: 1024,
  title: 2048,
  url: 2048,
} as const;

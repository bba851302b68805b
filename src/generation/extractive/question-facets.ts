/** One thing that a question asks for. */
export interface QuestionFacet {
  /** As asked: "how many people live there?". */
  readonly text: string;
  /** With the names of the whole question that it lacks, and the noun it asks for, so that it can be matched alone. */
  readonly standalone: string;
}

/** Further parts of a question are answered as far as the sentences for the first ones do. */
const MAX_FACETS = 4;

/**
 * "and" joins two questions only when a new one begins after it; in "Bosnia and Herzegovina" and "exports and imports"
 * it does not.
 */
const NEXT_QUESTION =
  /(?:[,;]\s*)?(?:\b(?:and|or|as well as|and also|plus)\b|;)\s+(?=(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|can|could|name|list|tell|its|their|his|her)\b)/iu;

/** Questions that ask for something without naming it, and the noun that a text which answers has in their place. */
const ASKED_NOUNS: readonly (readonly [question: RegExp, noun: string])[] = [
  [
    /\bhow many (?:people|inhabitants|residents|citizens)(?:\s+(?:does|do|are|live|living|there|in|have|has)\b)+/iu,
    "population",
  ],
  [/\bhow (?:big|large) (?:is|are|was)\b/iu, "total area of"],
  [/\bhow long (?:is|are|was)\b/iu, "length of"],
  [/\bhow old (?:is|are|was)\b/iu, "age of"],
  [/\bhow (?:rich|wealthy|poor) (?:is|are)\b/iu, "GDP per capita of"],
  [/\bhow (?:high|tall) (?:is|are)\b/iu, "elevation of"],
  [/\bwhere (?:is|are|lies?)\b/iu, "location of"],
  [/\bwhat do (?:the )?(?:people|they|\p{L}+s) speak\b/iu, "languages of"],
  [/\bwho (?:rules|governs|leads|runs|is in charge of)\b/iu, "chief of state, head of government of"],
];

/**
 * Splits a question into what it asks for: at question marks, and where a conjunction begins another question.
 * `earlier`: questions that it leans on, for what they are about.
 */
export function questionFacets(question: string, earlier: readonly string[] = []): readonly QuestionFacet[] {
  const parts = question
    .split(/(?<=[?？])\s+|\n+/u)
    .flatMap((part) => part.split(NEXT_QUESTION))
    .map((part) => part.trim().replace(/[\s,;]+$/u, ""))
    .filter((part) => /[\p{L}\p{N}]{2}/u.test(part));
  const [first = question, ...rest] = parts.length > MAX_FACETS ? [] : parts;
  const subject = subjectOf([first, ...rest, ...earlier.toReversed()], earlier[0] ?? first);
  return [first, ...rest].map((text, index) => {
    const asked = ASKED_NOUNS.find(([asks]) => asks.test(text));
    const named = asked === undefined ? text : text.replace(...asked);
    const isMissingSubject = (index > 0 || earlier.length > 0) && names(text).length === 0;
    return { text, standalone: isMissingSubject ? `${named} (${subject})` : named };
  });
}

/** What questions are about: the names in the first that has some; without any, what follows the last preposition. */
function subjectOf(questions: readonly string[], main: string): string {
  const named = questions.map(names).find((found) => found.length > 0);
  return named === undefined
    ? (/.*\b(?:of|in|for|about|from)\s+(.{2,}?)[\s?.!]*$/iu.exec(main)?.[1] ?? main)
    : named.join(", ");
}

/** Runs of capitalised words that do not merely begin the question. */
function names(text: string): readonly string[] {
  const runs = text.matchAll(
    /(?<=[\p{L}\p{N},;:'’")]\s+)\p{Lu}[\p{L}\p{N}'’.-]*(?:\s+(?:(?:of|and|the|da|de|du|la|le|el|al)\s+)*\p{Lu}[\p{L}\p{N}'’.-]*)*/gu,
  );
  return [...new Set([...runs].map(([run]) => run.replace(/['’]s$|[.'’-]+$/u, "")))];
}

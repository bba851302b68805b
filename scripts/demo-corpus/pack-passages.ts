/** A passage reads well up to here, and fits into an encoder's 256 tokens together with its title. */
const MAX_TOKENS = 235;
/** Topics shorter than this are joined with the next one of the section. */
const MIN_TOKENS = 55;
/** A line is cut into pieces of this size; smaller than a passage, so that it fills up the one before. */
const MAX_LINE_TOKENS = 130;

/** A topic's lines of complete sentences. */
export interface TopicText {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Joins small neighbours: small territories have a line where others have a page. */
export function joinSmallTopics(topics: readonly TopicText[]): TopicText[] {
  const joined: TopicText[] = [];
  for (const topic of topics) {
    const last = joined.at(-1);
    const isSmall = last !== undefined && Math.min(size(last.lines), size(topic.lines)) < MIN_TOKENS;
    if (isSmall && size(last.lines) + size(topic.lines) <= MAX_TOKENS) {
      joined[joined.length - 1] = { name: `${last.name}; ${topic.name}`, lines: [...last.lines, ...topic.lines] };
    } else {
      joined.push(topic);
    }
  }
  return joined;
}

/** Splits a topic into passages of about equal size, between lines where possible, else between sentences or list items. */
export function packLines(lines: readonly string[]): string[] {
  const total = size(lines);
  const pieces = total <= MAX_TOKENS ? lines : lines.flatMap((line) => splitLongLine(line));
  const target = total / Math.ceil(total / MAX_TOKENS);
  const passages: string[][] = [];
  for (const piece of pieces) {
    const last = passages.at(-1);
    const grown = last === undefined ? 0 : size(last) + estimateTokens(piece);
    // The half-way rule keeps passages even: a piece goes where its larger half fits.
    if (last !== undefined && grown <= MAX_TOKENS && grown - estimateTokens(piece) / 2 <= target) {
      last.push(piece);
    } else {
      passages.push([piece]);
    }
  }
  return joinSmallPassages(passages).map((passage) => passage.join("\n"));
}

/** Evenness may have made a passage too many: what fits together stays together. */
function joinSmallPassages(passages: readonly (readonly string[])[]): (readonly string[])[] {
  const joined: (readonly string[])[] = [];
  for (const passage of passages) {
    const last = joined.at(-1);
    if (last !== undefined && size(last) + size(passage) <= MAX_TOKENS) {
      joined[joined.length - 1] = [...last, ...passage];
    } else {
      joined.push(passage);
    }
  }
  return joined;
}

/**
 * Roughly what a WordPiece tokeniser makes of a text: a piece for every eight letters of a word, for two digits of a
 * number, and for each other sign. Within 10 % of MiniLM's tokeniser on this corpus, and needs no model.
 */
export function estimateTokens(text: string): number {
  return text.match(/[A-Za-z]{1,8}|\d{1,2}|[^\sA-Za-z\d]/gu)?.length ?? 0;
}

/** A line longer than a passage becomes several; parts after the first repeat the label: "Languages (continued): ...". */
function splitLongLine(line: string): string[] {
  if (estimateTokens(line) <= MAX_LINE_TOKENS) {
    return [line];
  }
  const label = /^([^.;:]{3,80}): /u.exec(line)?.[1];
  const parts: string[] = [];
  for (const unit of splitUnits(line)) {
    const current = parts.at(-1);
    if (current !== undefined && estimateTokens(current) + estimateTokens(unit) <= MAX_LINE_TOKENS) {
      parts[parts.length - 1] = current + unit;
    } else {
      // A list goes on under its label; after a sentence that ended nothing needs repeating.
      const goesOn = label !== undefined && /[;,]\s*$/u.test(current ?? "");
      parts.push(goesOn ? `${label} (continued): ${unit}` : unit);
    }
  }
  return parts.map((part) => part.trimEnd().replace(/[;,]$/u, "."));
}

/** Sentences; of those that are too long, the items of a list; of those that are too long, what stands between commas. */
function splitUnits(line: string): string[] {
  return splitBy(line, /.+?(?:(?<=[\p{Ll}\d)\]"%]{2}[.!?]["')]?)\s+(?=["(]?[\p{Lu}\d])|$)/gu)
    .flatMap((sentence) => splitBy(sentence, /.+?(?:;\s+|$)/gu))
    .flatMap((item) => splitBy(item, /.+?(?:,\s+|$)/gu));
}

function splitBy(text: string, pattern: RegExp): string[] {
  return estimateTokens(text) <= MAX_LINE_TOKENS ? [text] : (text.match(pattern) ?? [text]);
}

function size(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + estimateTokens(line), 0);
}

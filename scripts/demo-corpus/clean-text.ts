/** Words of the package whose letters were lost to U+FFFD, as the Factbook spells them. */
const LOST_LETTERS: readonly (readonly [broken: string, repaired: string])[] = [
  ["S\uFFFDHOU\uFFFDTO", "SEHOUETO"],
  ["Forces Arm\uFFFDes de la R\uFFFDpublique D\uFFFDmocratique", "Forces Armees de la Republique Democratique"],
  ["MAT\uFFFDASA", "MAT'ASA"],
  ["Ank\uFFFDciai", "Anksciai"],
  ["Bir\uFFFDtono", "Birstono"],
  ["Bir\uFFFDai", "Birzai"],
  ["Elektr\uFFFDnai", "Elektrenai"],
  ["Ma\uFFFDeikiai", "Mazeikiai"],
  ["Pag\uFFFDgiai", "Pagegiai"],
  ["Paneve\uFFFDys", "Panevezys"],
  ["\uFFFDakiai", "Sakiai"],
  ["\uFFFDalcininkai", "Salcininkai"],
  ["\uFFFDiauli", "Siauli"],
  ["\uFFFDilale", "Silale"],
  ["\uFFFDilute", "Silute"],
  ["\uFFFDirvintos", "Sirvintos"],
  ["\uFFFDvencionys", "Svencionys"],
  ["\uFFFD375 billion", "£375 billion"],
  ["Paran\uFFFD River", "Parana River"],
];

/**
 * Makes a field's text readable: no `++` markers (paragraphs become sentences, list items are joined by semicolons),
 * no line breaks, no labels without a value, ASCII quotes and dashes, and ". Note: ..." for "; note - ...".
 * Numbers, years and wording stay as they are.
 */
export function cleanText(raw: string): string {
  let text = repairLetters(raw)
    .replace(/religious affiliation:\s*$/u, "") // a chart's caption, the chart is not in the package
    .replace(/[‘’]/gu, "'")
    .replace(/[“”]/gu, '"')
    .replace(/\s*[–—]\s*/gu, " - ")
    .replace(/\s*\n\s*note:/gu, "; note -")
    .replace(/\s+/gu, " ")
    .replace(/[-:,]?\s*\+\+(?=\s*\([^)]*\)\s*$)/u, "") // "-35.4% ++ (2014 est.)"
    .replace(/([.!?:]|\s-)"?\s*\+\+\s*/gu, "$1 ") // a paragraph ends here
    .replace(/^\s*\+\+\s*|\s*\+\+\s*$/gu, "")
    .replace(/[;,]?\s*\+\+\s*/gu, "; ")
    .replace(/\b(urban|rural|total): (?=[\d.]+%)/gu, "$1 ")
    .replace(/\s+([,;.)])/gu, "$1")
    .replace(/\s+/gu, " ")
    .trim();
  text = replaceOutsideParentheses(text, /[;,.]?\s*\bnote(?:\s\d)?\s*(?:-|:)\s*/gu, ". Note: ");
  return text
    .replace(/^\. Note: /u, "Note: ")
    .replace(/[;,:]+$/u, "")
    .replace(/[,:;]\.(?=\s|$)/gu, ".")
    .replace(/(?<!\.)\.\.(?=\s|$)/gu, ".")
    .replace(/^(?:NA%?|\$NA)(?: \([^()]*\))?[;,.] /u, "");
}

function repairLetters(text: string): string {
  if (!text.includes("\uFFFD")) {
    return text;
  }
  const repaired = LOST_LETTERS.reduce((result, [broken, whole]) => result.replaceAll(broken, whole), text);
  return repaired.replaceAll("\uFFFD", "s"); // what is left are Lithuanian names that lost an "š"
}

/** Replaces matches that do not stand inside round or square brackets. */
function replaceOutsideParentheses(text: string, pattern: RegExp, replacement: string): string {
  return text.replace(pattern, (match, offset: number) => {
    const before = text.slice(0, offset);
    const opened = before.match(/[([]/gu)?.length ?? 0;
    const closed = before.match(/[)\]]/gu)?.length ?? 0;
    return opened > closed ? match : replacement;
  });
}

/** Ends a statement with a full stop unless it has its own end; "(2015 est.)" is none. */
export function endSentence(text: string): string {
  return /[.!?]["']?$/u.test(text) ? text : `${text}.`;
}

/** Of a series of years the latest, which comes first: "$29 billion (2014 est.); $28 billion (2013 est.)". Else the text. */
export function latestYear(text: string): string {
  const items = text.split("; ");
  const isSeries =
    items.length > 1 && items.every((item) => /\((?:[^()]* )?\d{4}(?:\/\d{2,4})?(?: est\.)?\)$/u.test(item));
  return isSeries ? (items[0] ?? text) : text;
}

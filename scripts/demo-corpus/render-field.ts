import { cleanText, endSentence, latestYear } from "./clean-text.ts";
import { PROSE, capitalise, fieldLabel, partLabel, standsAlone } from "./labels.ts";
import type { ProfileField } from "./profiles.ts";
import { LEFT_OUT } from "./topics.ts";

/** Parts of at most this many words, without a semicolon, are listed in one sentence: "total 17.1 years; male ...". */
const SHORT_PART_WORDS = 14;

interface RenderFieldOptions {
  readonly name: string;
  readonly field: ProfileField;
  readonly country: string;
}

/**
 * A field as lines of complete sentences, each with a readable label: "Capital of Burkina Faso: Ouagadougou." Empty
 * when the field says nothing ("none", "NA").
 */
export function renderField({ name, field, country }: RenderFieldOptions): string[] {
  const parts = flattenParts(field);
  const notes = parts.filter(({ label }) => isNote(label)).map(({ text }) => text);
  const definition = parts.find(({ label }) => label === "definition");
  const named = parts.filter(({ label }) => label === "name").map(({ text }) => text);
  const others = parts.filter((part) => !isNote(part.label) && !["name", "definition"].includes(part.label));
  const listed = others.filter((part) => isShort(part.text) && !standsAlone(name, part.label));
  const separate = others.filter((part) => !listed.includes(part));

  const label = fieldLabel(name, country) + (definition === undefined ? "" : ` (${definition.text})`);
  const ownText = [latestYear(cleanText(field.text)), ...named]
    .filter((text) => text !== "" && !saysNothing(text))
    .join("; ");
  const statement = takeYearOfNote(ownText, notes);
  const sentences = [...statementSentences({ name, label, statement, listed })];
  const lines = sentences.length === 0 ? [] : [sentences.join(" ")];
  lines.push(...separate.map((part) => endSentence(`${partLabel(name, part.label, country)}: ${part.text}`)));
  // Notes belong to the last line; without one there is nothing they could be about.
  const last = lines.pop();
  return last === undefined ? [] : [...lines, [last, ...notes.map((note) => endSentence(`Note: ${note}`))].join(" ")];
}

interface StatementOptions {
  readonly name: string;
  readonly label: string;
  readonly statement: string;
  readonly listed: readonly Part[];
}

/** The field's own text, then its short parts in one sentence. */
function statementSentences({ name, label, statement, listed }: StatementOptions): string[] {
  const list = listed.map((part) => `${part.label} ${part.text}`).join("; ");
  if (statement === "") {
    return list === "" ? [] : [endSentence(`${label}: ${list}`)];
  }
  const own = PROSE.has(name) ? capitalise(statement) : `${label}: ${statement}`;
  const only = listed.length === 1 ? listed[0] : undefined;
  const rest = only === undefined ? list : `${only.label}: ${only.text}`;
  return [endSentence(own), ...(rest === "" ? [] : [endSentence(capitalise(rest))])];
}

interface Part {
  readonly label: string;
  readonly text: string;
}

/** Parts at any depth with clean text, outer names before inner ones; those that say nothing are dropped. */
function flattenParts(field: ProfileField, prefix = ""): Part[] {
  return [...field.parts].flatMap(([name, part]) => {
    if (LEFT_OUT.has(name)) {
      return [];
    }
    const label = prefix === "" ? name : `${prefix}, ${name}`;
    // Heads counted by sex and age are more digits than a sentence bears; shares stay.
    const text = cleanText(part.text)
      .replace(/^Note: /u, "")
      .replace(/ \(male [\d,.]+\/female [\d,.]+\)/u, "");
    return [...(text === "" || saysNothing(text) ? [] : [{ label, text }]), ...flattenParts(part, label)];
  });
}

/** The same remark under the population of 31 countries, where it drowns the figure. */
const BOILERPLATE_NOTE =
  /^estimates for this country explicitly take into account the effects of excess mortality due to AIDS;[^(]*/u;

function isNote(label: string): boolean {
  return /^note\b/iu.test(label);
}

function isShort(text: string): boolean {
  return text.split(" ").length <= SHORT_PART_WORDS && !text.includes(";") && !/[.!?]\s/u.test(text);
}

function saysNothing(text: string): boolean {
  return /^(?:none|none of the selected agreements|(?:NA%?|\$NA)(?: \([^()]*\))?)$/iu.test(text);
}

/**
 * The source puts a value's year after its note. Moves it back: "18,931,686" with a note that ends in "(July 2015 est.)"
 * becomes "18,931,686 (July 2015 est.)". Changes `notes` in place.
 */
function takeYearOfNote(statement: string, notes: string[]): string {
  const note = notes[0];
  const year = note === undefined ? null : / (\((?:[A-Z][a-z]+ )?\d{4}(?: est\.)?\))\.?$/u.exec(note);
  if (note === undefined || year === null || statement === "" || /\(\D*\d{4}/u.test(statement)) {
    return statement;
  }
  const rest = note.slice(0, year.index).replace(BOILERPLATE_NOTE, "").trim();
  notes.splice(0, 1, ...(rest === "" ? [] : [rest]));
  return `${statement} ${year[1] ?? ""}`;
}

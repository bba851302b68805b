import { cleanText } from "./clean-text.ts";
import { capitalise } from "./labels.ts";
import { nameInSentence } from "./country-names.ts";
import type { Profile } from "./profiles.ts";

/**
 * The Factbook printed "country comparison to the world" beside its figures; the npm package leaves those out. We rank
 * its figures again, so that "which country has the longest coastline?" has a passage that says so.
 */
interface Measure {
  readonly section: string;
  readonly field: string;
  readonly part?: string;
  /** Completes "Canada has the ... in the world". */
  readonly superlative: string;
  /** Completes the title "World: Country comparison, ...". */
  readonly title: string;
}

const MEASURES: readonly Measure[] = [
  { section: "Geography", field: "Area", part: "total", superlative: "largest area", title: "area" },
  { section: "Geography", field: "Coastline", superlative: "longest coastline", title: "coastline" },
  { section: "People and Society", field: "Population", superlative: "largest population", title: "population" },
  {
    section: "People and Society",
    field: "Population growth rate",
    superlative: "highest population growth rate",
    title: "population growth",
  },
  {
    section: "People and Society",
    field: "Life expectancy at birth",
    part: "total population",
    superlative: "highest life expectancy at birth",
    title: "life expectancy",
  },
  { section: "People and Society", field: "Median age", part: "total", superlative: "highest median age", title: "median age" },
  {
    section: "People and Society",
    field: "Infant mortality rate",
    part: "total",
    superlative: "highest infant mortality rate",
    title: "infant mortality",
  },
  { section: "Economy", field: "GDP (purchasing power parity)", superlative: "largest GDP (purchasing power parity)", title: "GDP" },
  { section: "Economy", field: "GDP - per capita (PPP)", superlative: "highest GDP per capita (PPP)", title: "GDP per capita" },
  { section: "Economy", field: "Exports", superlative: "highest exports", title: "exports" },
  { section: "Economy", field: "Public debt", superlative: "highest public debt", title: "public debt" },
  { section: "Energy", field: "Electricity - production", superlative: "largest electricity production", title: "electricity production" },
  { section: "Energy", field: "Crude oil - production", superlative: "largest crude oil production", title: "crude oil production" },
  {
    section: "Energy",
    field: "Crude oil - proved reserves",
    superlative: "largest proved reserves of crude oil",
    title: "crude oil reserves",
  },
  {
    section: "Energy",
    field: "Natural gas - proved reserves",
    superlative: "largest proved reserves of natural gas",
    title: "natural gas reserves",
  },
  { section: "Communications", field: "Internet users", part: "total", superlative: "most Internet users", title: "Internet users" },
  { section: "Transportation", field: "Airports", superlative: "most airports", title: "airports" },
  { section: "Transportation", field: "Railways", part: "total", superlative: "longest railway network", title: "railways" },
  { section: "Military", field: "Military expenditures", superlative: "highest military expenditures", title: "military expenditures" },
];

const TOP = 10;
const ORDINALS = ["", "second-", "third-", "fourth-", "fifth-", "sixth-", "seventh-", "eighth-", "ninth-", "tenth-"];

/** Sentences about ranks, by `<code>/<section>/<field>`; and one list of the first ten for each measure. */
export interface Rankings {
  readonly sentences: ReadonlyMap<string, string>;
  readonly lists: readonly { readonly section: string; readonly title: string; readonly text: string }[];
}

/** Ranks countries and territories by every measure; equal figures share the better rank. */
export function rankProfiles(profiles: readonly Profile[]): Rankings {
  const compared = profiles.filter(({ region, code }) => !["World", "Oceans", "Antarctica"].includes(region) && code !== "ee");
  const sentences = new Map<string, string>();
  const lists = MEASURES.map((measure) => {
    const ranked = rankBy(measure, compared).slice(0, TOP);
    for (const entry of ranked) {
      const rank = ranked.findIndex(({ value }) => value === entry.value);
      sentences.set(
        rankKey(entry.profile.code, measure.section, measure.field),
        `${capitalise(nameInSentence(entry.profile.name))} has the ${ORDINALS[rank] ?? ""}${measure.superlative} in the world: ${entry.figure}.`,
      );
    }
    const list = ranked.map(({ profile, figure }) => `${profile.name} ${figure}`).join("; ");
    return {
      section: measure.section,
      title: `Country comparison, ${measure.title}`,
      text: `The ${TOP} countries and territories with the ${measure.superlative}, in order: ${list}.`,
    };
  });
  return { sentences, lists };
}

/** Key of `Rankings.sentences`. */
export function rankKey(code: string, section: string, field: string): string {
  return `${code}/${section}/${field}`;
}

function rankBy(measure: Measure, profiles: readonly Profile[]): { profile: Profile; figure: string; value: number }[] {
  return profiles
    .flatMap((profile) => {
      const field = profile.sections.get(measure.section)?.get(measure.field);
      const text = measure.part === undefined ? field?.text : field?.parts.get(measure.part)?.text;
      const parsed = parseFigure(cleanText(text ?? ""));
      return parsed === undefined ? [] : [{ profile, ...parsed }];
    })
    .toSorted((a, b) => b.value - a.value);
}

const SCALES: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12 };

/**
 * The first figure of a text, with its unit and year, and its value: "$29.31 billion (2014 est.); $28.18 ..." gives
 * "$29.31 billion (2014 est.)" and 29.31e9. Undefined when the text does not start with a figure.
 */
export function parseFigure(text: string): { readonly figure: string; readonly value: number } | undefined {
  const match = /^(?:about |approximately )?\$?(-?[\d,]+(?:\.\d+)?)\s*(thousand|million|billion|trillion)?\b[^;.(]*(?:\([^()]*\))?/u.exec(text);
  const digits = match?.[1];
  if (match === null || digits === undefined) {
    return undefined;
  }
  const value = Number(digits.replaceAll(",", "")) * (SCALES[match[2] ?? ""] ?? 1);
  // A long remark in brackets is not part of the figure.
  const figure = match[0].replace(/\s*\([^()]{30,}\)$/u, "").trim();
  return Number.isFinite(value) ? { figure, value } : undefined;
}

import { cleanText } from "./clean-text.ts";
import { nameInSentence } from "./country-names.ts";
import { capitalise } from "./labels.ts";
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
}

const MEASURES: readonly Measure[] = [
  { section: "Geography", field: "Area", part: "total", superlative: "largest area" },
  { section: "Geography", field: "Coastline", superlative: "longest coastline" },
  { section: "People and Society", field: "Population", superlative: "largest population" },
  {
    section: "People and Society",
    field: "Population growth rate",
    superlative: "highest population growth rate",
  },
  {
    section: "People and Society",
    field: "Life expectancy at birth",
    part: "total population",
    superlative: "highest life expectancy at birth",
  },
  { section: "People and Society", field: "Median age", part: "total", superlative: "highest median age" },
  {
    section: "People and Society",
    field: "Infant mortality rate",
    part: "total",
    superlative: "highest infant mortality rate",
  },
  { section: "Economy", field: "GDP (purchasing power parity)", superlative: "largest GDP (purchasing power parity)" },
  { section: "Economy", field: "GDP - per capita (PPP)", superlative: "highest GDP per capita (PPP)" },
  { section: "Economy", field: "Exports", superlative: "highest exports" },
  { section: "Economy", field: "Public debt", superlative: "highest public debt" },
  { section: "Energy", field: "Electricity - production", superlative: "largest electricity production" },
  { section: "Energy", field: "Crude oil - production", superlative: "largest crude oil production" },
  {
    section: "Energy",
    field: "Crude oil - proved reserves",
    superlative: "largest proved reserves of crude oil",
  },
  {
    section: "Energy",
    field: "Natural gas - proved reserves",
    superlative: "largest proved reserves of natural gas",
  },
  { section: "Communications", field: "Internet users", part: "total", superlative: "most Internet users" },
  { section: "Transportation", field: "Airports", superlative: "most airports" },
  { section: "Transportation", field: "Railways", part: "total", superlative: "longest railway network" },
  { section: "Military", field: "Military expenditures", superlative: "highest military expenditures" },
];

const TOP = 10;
const ORDINALS = ["", "second-", "third-", "fourth-", "fifth-", "sixth-", "seventh-", "eighth-", "ninth-", "tenth-"];

/** Sentences about ranks: "Canada has the longest coastline in the world: 202,080 km.", by `rankKey`. */
export type Rankings = ReadonlyMap<string, string>;

/** Ranks countries and territories by every measure, the first ten of each; equal figures share the better rank. */
export function rankProfiles(profiles: readonly Profile[]): Rankings {
  const compared = profiles.filter(
    ({ region, code }) => !["World", "Oceans", "Antarctica"].includes(region) && code !== "ee",
  );
  const sentences = new Map<string, string>();
  for (const measure of MEASURES) {
    const ranked = rankBy(measure, compared).slice(0, TOP);
    for (const { profile, figure, value } of ranked) {
      const rank = ranked.findIndex((entry) => entry.value === value);
      sentences.set(
        rankKey(profile.code, measure.section, measure.field),
        `${capitalise(nameInSentence(profile.name))} has the ${ORDINALS[rank] ?? ""}${measure.superlative} in the world: ${figure}.`,
      );
    }
  }
  return sentences;
}

/** Key of `Rankings`. */
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
  const match =
    /^(?:about |approximately )?\$?(-?[\d,]+(?:\.\d+)?)\s*(thousand|million|billion|trillion)?\b[^;.(]*(?:\([^()]*\))?/u.exec(
      text,
    );
  const digits = match?.[1];
  if (match === null || digits === undefined) {
    return undefined;
  }
  const value = Number(digits.replaceAll(",", "")) * (SCALES[match[2] ?? ""] ?? 1);
  // A long remark in brackets is not part of the figure.
  const figure = match[0].replace(/\s*\([^()]{30,}\)$/u, "").trim();
  return Number.isFinite(value) ? { figure, value } : undefined;
}

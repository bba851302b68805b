import { nameInSentence } from "./country-names.ts";

/**
 * Labels of fields, and of parts ("field/part"), that should stand on their own when a sentence is cited: `*` becomes
 * the country. Every other field is labelled with its own name.
 */
const LABELS: Readonly<Record<string, string>> = {
  Location: "Location of *",
  Area: "Area of *",
  "Area - comparative": "Area, comparative",
  "Land boundaries": "Land boundaries of *",
  Coastline: "Coastline of *",
  Climate: "Climate of *",
  "Elevation extremes/highest point": "Highest point of *",
  "Elevation extremes/lowest point": "Lowest point of *",
  "Geography - note": "Note on the geography of *",
  "Natural resources": "Natural resources of *",
  "Environment - current issues": "Environmental issues of *",
  "Environment - international agreements": "International environmental agreements",
  Population: "Population of *",
  "Major urban areas - population": "Population of the major urban areas of *",
  "Median age": "Median age in *",
  "Life expectancy at birth": "Life expectancy at birth in *",
  Languages: "Languages of *",
  Religions: "Religions of *",
  "Ethnic groups": "Ethnic groups of *",
  Literacy: "Literacy in *",
  Capital: "Capital of *",
  "Government type": "Government type of *",
  Independence: "Independence of *",
  "National holiday": "National holiday of *",
  "Administrative divisions": "Administrative divisions of *",
  "Executive branch/chief of state": "Chief of state of *",
  "Executive branch/head of government": "Head of government of *",
  "Legislative branch/description": "Legislative branch of *",
  "Legislative branch/odescription": "Legislative branch of *",
  "Legislative branch/elections": "Legislative elections",
  "Legislative branch/election results": "Results of the legislative elections",
  "Judicial branch/.highest court(s)": "Highest courts",
  "Flag description": "Flag of *",
  "National symbol(s)": "National symbols of *",
  "National anthem": "National anthem of *",
  "GDP (purchasing power parity)": "GDP (purchasing power parity) of *",
  "GDP - per capita (PPP)": "GDP per capita (PPP) of *",
  "GDP - composition, by sector of origin": "GDP by sector of origin",
  "GDP - composition, by end use": "GDP by end use",
  "Agriculture - products": "Agricultural products of *",
  Industries: "Industries of *",
  "Labor force - by occupation": "Labor force by occupation",
  "Unemployment rate": "Unemployment rate of *",
  "Exchange rates": "Currency and exchange rates of *",
  Exports: "Exports of *",
  "Exports - commodities": "Export commodities of *",
  "Exports - partners": "Export partners of *",
  Imports: "Imports of *",
  "Imports - commodities": "Import commodities of *",
  "Imports - partners": "Import partners of *",
  "Debt - external": "External debt of *",
  "Public debt": "Public debt of *",
  "Inflation rate (consumer prices)": "Inflation rate (consumer prices) of *",
  "Internet users": "Internet users in *",
  "Internet country code": "Internet country code of *",
  Airports: "Airports in *",
  Railways: "Railways of *",
  "Military branches": "Military branches of *",
  "Military expenditures": "Military expenditures of *",
  "Disputes - international": "International disputes of *",
  "Child labor - children ages 5-14": "Child labor, children ages 5-14",
  "Obesity - adult prevalence rate": "Adult obesity rate",
  "HIV/AIDS - people living with HIV/AIDS": "People living with HIV/AIDS in *",
  "HIV/AIDS - deaths": "Deaths from HIV/AIDS",
  "Telephones - fixed lines": "Fixed-line telephones",
  "Telephones - mobile cellular": "Mobile cellular telephones",
  "Distribution of family income - Gini index": "Distribution of family income (Gini index)",
  "Electricity - production": "Electricity production of *",
  "Crude oil - production": "Crude oil production of *",
  "Drinking water source/97.1improved": "Drinking water source, improved",
  "Sanitation facility access/mproved": "Sanitation facility access, improved",
  "Refugees and internally displaced persons/70179refugees (country of origin)": "Refugees (country of origin)",
};

/** Fields of running prose: they need no label. */
export const PROSE: ReadonlySet<string> = new Set([
  "Background",
  "Preliminary statement",
  "Political structure",
  "Geographic overview",
  "Demographic profile",
  "Economy - overview",
]);

/** Fields whose parts are topics of their own, labelled without the field's name ("Cabinet: ..."). */
const STANDALONE_PARTS: ReadonlySet<string> = new Set([
  "Executive branch",
  "Legislative branch",
  "Judicial branch",
  "Citizenship",
  "Refugees and internally displaced persons",
  "Telephone system",
  "Capital",
  "National anthem",
]);

/** Label of a field in a sentence about `country`. */
export function fieldLabel(field: string, country: string): string {
  const label = LABELS[field] ?? field.replace(" - ", " ");
  return label.replace("*", nameInSentence(country));
}

/** Label of a part that stands in a sentence of its own. */
export function partLabel(field: string, part: string, country: string): string {
  const known = LABELS[`${field}/${part}`];
  if (known !== undefined) {
    return known.replace("*", nameInSentence(country));
  }
  if (STANDALONE_PARTS.has(field) || /^(?:top|ten)\b/u.test(part)) {
    return capitalise(part.replace("elections/appointments", "elections and appointments"));
  }
  return `${fieldLabel(field, country)}, ${part}`;
}

/** Whether a part is a sentence of its own however short it is. */
export function standsAlone(field: string, part: string): boolean {
  return STANDALONE_PARTS.has(field) || LABELS[`${field}/${part}`] !== undefined;
}

/** First letter in upper case. */
export function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

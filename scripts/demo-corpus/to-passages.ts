import { joinSmallTopics, packLines } from "./pack-passages.ts";
import type { TopicText } from "./pack-passages.ts";
import type { Profile, ProfileField } from "./profiles.ts";
import { rankKey, rankProfiles } from "./rankings.ts";
import type { Rankings } from "./rankings.ts";
import { renderField } from "./render-field.ts";
import { LEFT_OUT, TOPICS } from "./topics.ts";

/** A line of the demo's `corpus.jsonl`. */
export interface DemoPassage {
  readonly _id: string;
  readonly title: string;
  readonly text: string;
  readonly url: string;
  readonly metadata: { readonly country: string; readonly region: string; readonly section: string };
  readonly document_id: string;
}

/**
 * Where a reader finds the source: the Factbook's page of the edition that the package holds (autumn 2015), as the
 * Internet Archive keeps it; the original site has moved on. Anchors are the sections of that page.
 */
const PAGES = "https://web.archive.org/web/20151101/https://www.cia.gov/library/publications/the-world-factbook/geos";
const ANCHORS: Readonly<Record<string, string>> = {
  Introduction: "Intro",
  Geography: "Geo",
  "People and Society": "People",
  Government: "Govt",
  Economy: "Econ",
  Energy: "Energy",
  Communications: "Comm",
  Transportation: "Trans",
  Military: "Military",
  "Transnational Issues": "Issues",
};

/** All passages of the demo corpus, in a fixed order: by region, code, section and topic. */
export function toPassages(profiles: readonly Profile[]): DemoPassage[] {
  const rankings = rankProfiles(profiles);
  return profiles.flatMap((profile) => profilePassages(profile, rankings));
}

function profilePassages(profile: Profile, rankings: Rankings): DemoPassage[] {
  return [...profile.sections].flatMap(([section, fields]) => {
    const topics = joinSmallTopics(
      topicTexts({ profile, section, fields, rankings }).filter(({ lines }) => lines.length > 0),
    );
    return topics.flatMap(({ name, lines }) => {
      // A whole section in one passage needs no list of its topics in the title.
      const topic = topics.length === 1 && name.includes("; ") ? section : name;
      const texts = packLines(lines);
      return texts.map((text, index) =>
        makePassage({
          profile,
          section,
          topic,
          text,
          ...(texts.length > 1 ? { part: index + 1, parts: texts.length } : {}),
        }),
      );
    });
  });
}

interface TopicTextsOptions {
  readonly profile: Profile;
  readonly section: string;
  readonly fields: ReadonlyMap<string, ProfileField>;
  readonly rankings: Rankings;
}

function topicTexts({ profile, section, fields, rankings }: TopicTextsOptions): TopicText[] {
  const topics = TOPICS[section] ?? [{ name: section, fields: [] }];
  const named = new Set(topics.flatMap((topic) => topic.fields));
  const rest = [...fields.keys()].filter((field) => !named.has(field) && !LEFT_OUT.has(field));
  return topics.map((topic, index) => ({
    name: topic.name,
    lines: [...topic.fields, ...(index === topics.length - 1 ? rest : [])].flatMap((name) => {
      const field = fields.get(name);
      if (field === undefined) {
        return [];
      }
      const lines = renderField({ name, field, country: profile.name });
      const rank = rankings.get(rankKey(profile.code, section, name));
      return rank === undefined ? lines : [...lines, rank];
    }),
  }));
}

interface MakePassageOptions {
  readonly profile: Profile;
  readonly section: string;
  readonly topic: string;
  readonly text: string;
  readonly part?: number;
  readonly parts?: number;
}

function makePassage({ profile, section, topic, text, part, parts }: MakePassageOptions): DemoPassage {
  const documentId = slug(profile.name);
  const anchor = ANCHORS[section];
  const suffix = part === undefined ? "" : `-${part}`;
  return {
    // The topic's first words are enough to be unique and keep ids short.
    _id: `${profile.code}-${slug(topic.split(/[,;]/u)[0] ?? topic)}${suffix}`,
    title: `${profile.name}: ${topic}${parts === undefined ? "" : ` (${part} of ${parts})`}`,
    text,
    url: `${PAGES}/${profile.code}.html${anchor === undefined ? "" : `#${anchor}`}`,
    metadata: { country: profile.name, region: profile.region, section },
    document_id: documentId,
  };
}

function slug(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z\d]+/gu, "-")
    .replace(/^-|-$/gu, "");
}

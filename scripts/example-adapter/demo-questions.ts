import { hashFraction } from "../../training/artifacts/hash-split.ts";
import { inCorpusSplit } from "../../training/mining/in-corpus-split.ts";
import type { InCorpusPart } from "../../training/mining/in-corpus-split.ts";
import { nameInSentence } from "../demo-corpus/country-names.ts";
import type { DemoPassage } from "../demo-corpus/to-passages.ts";
import { LINE_WORDINGS, TOPIC_WORDINGS } from "./wordings.ts";
import type { Wordings } from "./wordings.ts";

/** A question with the passages that answer it. */
export interface DemoQuestion {
  readonly id: string;
  readonly text: string;
  readonly split: InCorpusPart;
  readonly passageIds: readonly string[];
}

/** Questions of each part at most. */
export const QUESTION_COUNTS: Readonly<Record<InCorpusPart, number>> = {
  train: 400,
  "dev-seen": 200,
  "dev-unseen": 200,
  "test-seen": 400,
  "test-unseen": 400,
};

/** Which wordings a part may use, as places in `Wordings`. */
const WORDINGS_OF: Readonly<Record<InCorpusPart, readonly number[]>> = {
  train: [0, 1],
  "dev-seen": [2],
  "dev-unseen": [2],
  "test-seen": [3],
  "test-unseen": [3],
};

/** A field of a country, and the passages that hold it. */
interface Fact {
  readonly id: string;
  readonly country: string;
  readonly wordings: Wordings;
  readonly passageIds: readonly string[];
}

/**
 * Questions about the demo's passages, one for a field of a country at most, chosen by hashes of their ids: the same on every
 * machine. The passage decides the part first (`inCorpusSplit`), so no question of training is about a passage of an unseen
 * part, and every question of a seen part is about a passage that training asks about. Questions come from labels and names of
 * countries only, never from what a field says.
 */
export function makeDemoQuestions(passages: readonly DemoPassage[]): DemoQuestion[] {
  const dealt = findFacts(passages)
    .map((fact) => ({
      ...fact,
      fraction: hashFraction(fact.id),
      split: inCorpusSplit({ queryId: fact.id, passageId: fact.passageIds[0] ?? "" }),
    }))
    .toSorted((a, b) => a.fraction - b.fraction);
  const trained = dealt.filter(({ split }) => split === "train").slice(0, QUESTION_COUNTS.train);
  const isSeen = new Set(trained.flatMap(({ passageIds }) => passageIds));
  const others = (["dev-seen", "dev-unseen", "test-seen", "test-unseen"] as const).flatMap((part) =>
    dealt
      .filter(({ split, passageIds: [first = ""] }) => split === part && (part.endsWith("unseen") || isSeen.has(first)))
      .slice(0, QUESTION_COUNTS[part]),
  );
  return [...trained, ...others].map(({ id, split, passageIds, ...fact }): DemoQuestion => ({
    id,
    text: wordQuestion({ id, ...fact }, split),
    split,
    passageIds,
  }));
}

function wordQuestion({ id, country, wordings }: Omit<Fact, "passageIds">, split: InCorpusPart): string {
  const allowed = WORDINGS_OF[split];
  const place = allowed[Math.floor(hashFraction(id, 1) * allowed.length)] ?? 0;
  return (wordings[place] ?? "").replaceAll("*", nameInSentence(country)).replaceAll("#", country);
}

function findFacts(passages: readonly DemoPassage[]): Fact[] {
  const facts = new Map<string, Fact>();
  const add = (key: string, { _id, metadata: { country }, document_id }: DemoPassage, wordings: Wordings): void => {
    const id = `${document_id}/${slug(key)}`;
    const known = facts.get(id);
    facts.set(id, { id, country, wordings, passageIds: [...(known?.passageIds ?? []), _id] });
  };
  for (const passage of passages) {
    const name = nameInSentence(passage.metadata.country);
    const lines = passage.text.split("\n");
    for (const [label, wordings] of Object.entries(LINE_WORDINGS)) {
      const start = `${label.replace("*", name)}:`;
      if (lines.some((line) => line.startsWith(start))) {
        add(label, passage, wordings);
      }
    }
    const [topic = ""] = passage.title.slice(passage.metadata.country.length + 2).split(" (");
    const wordings = TOPIC_WORDINGS[topic];
    if (wordings !== undefined) {
      add(topic, passage, wordings);
    }
  }
  return [...facts.values()];
}

function slug(label: string): string {
  return label
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/gu, "-")
    .replaceAll(/^-|-$/gu, "");
}

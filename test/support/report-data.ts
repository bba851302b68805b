import type { PerQueryScores } from "../../training/eval/per-query-scores.ts";
import type { ReportData, ReportPassage } from "../../training/report/report-data.ts";
import { seededRandom } from "../../training/seeded-random.ts";

const WORDS = ["who wrote", "when did", "where is", "how many", "what is", "which of"];

/** A report's data with every part filled; `questions` of them, scores drawn by a seed. */
export function reportData({ questions = 32, seed = 1 } = {}): ReportData {
  const random = seededRandom(seed);
  const asked = Array.from({ length: questions }, (_, index) => ({
    id: `q${index}`,
    text: `${WORDS[index % WORDS.length]} thing number ${index}?`,
    popularity: Math.floor(10 ** (1 + 4 * random())),
  }));
  const scoresOf = (chance: number): PerQueryScores =>
    new Map(
      asked.map(({ id }) => {
        const rank = random() < chance ? 1 : 1 + Math.floor(random() * 12);
        const gain = rank > 10 ? 0 : 1 / Math.log2(rank + 1);
        return [id, { "nDCG@10": gain, "MRR@10": rank > 10 ? 0 : 1 / rank, "AnswerMatch@1": rank === 1 ? 1 : 0 }];
      }),
    );
  const answersOf = (chance: number): PerQueryScores =>
    new Map(asked.map(({ id }) => [id, { Accuracy: random() < chance ? 1 : 0, F1: random() * chance }]));
  const passage = (id: string, isRelevant: boolean): ReportPassage => ({
    id,
    title: `Title of ${id}`,
    text: `Text of ${id}, which goes on for a while. `.repeat(8),
    isRelevant,
  });
  const curve = (start: number, end: number, steps: number) =>
    Array.from({ length: steps }, (_, index) => ({
      step: 10 * (index + 1),
      value: end + (start - end) * Math.exp((-4 * index) / steps) + 0.05 * random(),
    }));
  return {
    title: "NQ with SmolLM2-135M",
    command: "npm run aar -- adapt --experiment examples/nq.json",
    preset: "edge",
    seed: 0,
    experiment: '{\n  "name": "nq"\n}',
    measures: ["nDCG@10", "MRR@10", "AnswerMatch@1"],
    answerMeasures: ["Accuracy", "F1"],
    sets: [
      {
        name: "NQ",
        role: "dev",
        base: "base",
        rows: [
          { name: "none", answers: answersOf(0.2) },
          { name: "BM25", retrieval: scoresOf(0.3), answers: answersOf(0.4) },
          { name: "base", retrieval: scoresOf(0.5), answers: answersOf(0.5) },
          { name: "human only", retrieval: scoresOf(0.7), answers: answersOf(0.6) },
          { name: "LM only", retrieval: scoresOf(0.55), answers: answersOf(0.55) },
          { name: "both", retrieval: scoresOf(0.75), answers: answersOf(0.62) },
        ],
        questions: asked,
        examples: [
          {
            question: "who wrote thing number 0?",
            answers: ["Somebody"],
            row: "both",
            measure: "nDCG@10",
            baseScore: 0.3,
            score: 1,
            basePassages: [passage("p1", false), passage("p2", true)],
            passages: [passage("p2", true), passage("p3", false)],
          },
          {
            question: "when did thing number 1?",
            answers: [],
            row: "both",
            measure: "nDCG@10",
            baseScore: 1,
            score: 0.5,
            basePassages: [passage("p4", true)],
            passages: [passage("p5", false), passage("p4", true)],
          },
        ],
      },
    ],
    training: ["human only", "LM only", "both"].map((row) => ({
      row,
      losses: curve(2, 0.6, 300),
      devScores: curve(0.5, 0.7, 8),
      devMeasure: "nDCG@10",
    })),
    labels: [
      {
        signal: "likelihood-gain",
        humanPositives: asked.map(() => 1 + 2 * (random() + random() + random() - 1.5)),
        others: Array.from({ length: 5 * questions }, () => random() + random() + random() - 1.5),
        facts: { questions: String(questions), "share of gains above 0": "41 %" },
      },
    ],
    overlaps: [{ a: "human", b: "LM", jaccard: 0.31, queries: questions }],
    stages: [
      {
        id: "mine",
        seconds: 3.2,
        tokens: 0,
        commandLine: "npm run aar -- mine --depth 100",
        inputs: { corpus: "ab".repeat(32) },
        outputs: { "candidates.trec": "cd".repeat(32) },
      },
      {
        id: "score",
        seconds: 4000,
        tokens: 1_234_567,
        commandLine: "npm run aar -- score --signal likelihood-gain",
        inputs: { "candidates.trec": "cd".repeat(32) },
        outputs: { "lm-scores.jsonl": "ef".repeat(32) },
      },
    ],
    notes: ["The dev set chose the checkpoint: its numbers flatter."],
  };
}

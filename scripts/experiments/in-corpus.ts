import path from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../training/format-table.ts";
import { IN_CORPUS_PARTS, IN_CORPUS_SETS } from "./in-corpus/sets.ts";
import { writeQuestions } from "./in-corpus/write-questions.ts";

const USAGE = "usage: node scripts/experiments/in-corpus.ts --data DIR [--only SET] [--work DIR]";

/**
 * Adaptation inside a corpus, for five sets:
 *
 *     node scripts/experiments/in-corpus.ts --data DIR [--only SET] [--work DIR]
 *
 * `--data` has the sets' folders. Cuts the questions of each into `<work>/<set>/questions` (default work: .aar/in-corpus).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      only: { type: "string", multiple: true },
      work: { type: "string", default: ".aar/in-corpus" },
    },
  });
  const { data, only, work } = values;
  if (data === undefined) {
    throw new Error(USAGE);
  }
  const rows: string[][] = [];
  for (const [name, set] of Object.entries(IN_CORPUS_SETS)) {
    if (only === undefined || only.includes(name)) {
      const counts = await writeQuestions({ set, data, output: path.join(work, name, "questions") });
      rows.push([name, ...IN_CORPUS_PARTS.map((part) => String(counts[part]))]);
    }
  }
  process.stdout.write(`questions\n${formatTable(["set", ...IN_CORPUS_PARTS], rows)}\n`);
}

await main();

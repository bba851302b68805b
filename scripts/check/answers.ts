/**
 * What a real LM answers with and without passages: as a file of this machine, behind `npm run lm`, and as the target LM of a
 * running Worker that searches by itself.
 *
 *   node scripts/check/answers.ts [model.gguf] [--questions 24] [--documents 3] [--json]
 *
 * 24 questions about the demo's World Factbook, passages by `aar mine`, replies by `aar answer`. Without a file:
 * SmolLM2-135M-Instruct of ../shared. Prints the paper's substring accuracy, exact match, F1 and the mean log-probability of the
 * right answer for each row. Exit code 1 when passages do not help the LM, or when the server's replies are not the file's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { z } from "zod";
import { prepareWorker } from "../../test/support/prepared-worker.ts";
import { startWorker } from "../../test/support/running-worker.ts";
import { writeFileAtomic } from "../../training/artifacts/atomic-file.ts";
import { toJsonl } from "../../training/artifacts/jsonl.ts";
import { findCommand } from "../../training/commands/find-command.ts";
import { formatTable } from "../../training/format-table.ts";
import { createProgress } from "../../training/progress.ts";
import { DEMO_COLLECTION, DEMO_VECTORS, writeDemoCorpus } from "../demo-corpus/demo-data.ts";
import { uploadDemo } from "../demo-corpus/upload-demo.ts";
import { QUESTIONS } from "./answers/questions.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DEFAULT_MODEL = path.join(ROOT, "../shared/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
/** Its key in the Worker's table of target LMs, and what the server is asked for: it has one LM only. */
const MODEL = "local";

const scoresSchema = z.looseObject({ means: z.record(z.string(), z.number()) });
const replySchema = z.looseObject({ queryId: z.string(), prediction: z.string() });

interface Row {
  readonly name: string;
  readonly means: Readonly<Record<string, number>>;
  readonly replies: readonly string[];
}

type CommandOptions = Readonly<Record<string, unknown>>;

async function run(command: string, options: CommandOptions): Promise<void> {
  await (
    await findCommand(command)
  ).execute(options, {
    print: () => undefined,
    log: (text) => void process.stderr.write(`${text}\n`),
    progress: (given) => createProgress({ ...given, stream: process.stderr }),
    env: process.env,
    signal: new AbortController().signal,
  });
}

interface World {
  readonly gguf: string;
  readonly folder: string;
  readonly documents: number;
}

async function makeSet({ folder }: World, count: number): Promise<void> {
  await writeDemoCorpus(folder);
  const questions = QUESTIONS.slice(0, count).map(([text, ...answers], index) => ({ _id: `q${index}`, text, answers }));
  await writeFileAtomic(
    path.join(folder, "queries.jsonl"),
    toJsonl(questions.map((line) => ({ ...line, split: "dev" }))),
  );
  await run("mine", { data: folder, split: "dev", output: path.join(folder, "run"), vectors: DEMO_VECTORS });
}

async function answerRow(name: string, { folder }: World, options: CommandOptions): Promise<Row> {
  process.stderr.write(`${name}\n`);
  const output = path.join(folder, name.replaceAll(/\W+/gu, "-"));
  await run("answer", { data: folder, split: "dev", protocol: "serve", model: MODEL, output, ...options });
  const { means } = scoresSchema.parse(JSON.parse(await readFile(path.join(output, "scores.json"), "utf8")));
  const [, ...lines] = (await readFile(path.join(output, "answers.jsonl"), "utf8")).trim().split("\n"); // the first is a head
  const replies = lines.map((line) => replySchema.parse(JSON.parse(line)));
  replies.sort((a, b) => a.queryId.localeCompare(b.queryId));
  return { name, means, replies: replies.map(({ prediction }) => prediction) };
}

async function rowsOf(world: World): Promise<Row[]> {
  const withPassages = {
    run: [path.join(world.folder, "run/candidates.trec")],
    documents: [world.documents],
  };
  const without = { documents: [0] };
  const file = { lm: world.gguf };
  const rows = [
    await answerRow("file, no passages", world, { ...file, ...without }),
    await answerRow("file, passages", world, { ...file, ...withPassages }),
  ];
  const server = await startLmServer(world.gguf);
  try {
    const served = { lm: server.url, concurrency: 1, goldLogProbs: true };
    rows.push(
      await answerRow("npm run lm, no passages", world, { ...served, ...without }),
      await answerRow("npm run lm, passages", world, { ...served, ...withPassages }),
    );
    rows.push(...(await workerRows(world, server.url)));
  } finally {
    server.stop();
  }
  return rows;
}

/** The Worker is asked the bare question: it searches, augments, and passes on to the same server. */
async function workerRows(world: World, lmUrl: string): Promise<Row[]> {
  const targetLms = { [MODEL]: { provider: "openai-compatible", base_url: lmUrl, model: "any" } };
  const worker = await startWorker(await prepareWorker(world.folder), { targetLms, vars: { DEFAULT_MODEL: MODEL } });
  try {
    await uploadDemo({ url: worker.url, corpus: path.join(world.folder, "corpus.jsonl") });
    const ask = (name: string, retrieval: unknown): Promise<Row> =>
      answerRow(name, world, {
        lm: `${worker.url}/v1`,
        concurrency: 1,
        documents: [0],
        parameters: JSON.stringify({ retrieval }),
      });
    return [
      await ask("Worker, no retrieval", false),
      await ask("Worker, its retrieval", { collection: DEMO_COLLECTION, top_k: world.documents }),
    ];
  } finally {
    await worker.close();
  }
}

async function startLmServer(gguf: string): Promise<{ readonly url: string; readonly stop: () => void }> {
  const server = spawn(process.execPath, [path.join(ROOT, "scripts/lm.ts"), gguf, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await Promise.race([
    once(createInterface(server.stdout), "line"),
    once(server, "exit"),
  ])) as unknown[];
  const url = /http:\S+/u.exec(String(line))?.[0];
  if (url === undefined) {
    throw new Error("the LM server did not start");
  }
  return { url, stop: () => void server.kill("SIGINT") };
}

function isGood(rows: readonly Row[]): boolean {
  const row = (name: string): Row | undefined => rows.find((candidate) => candidate.name === name);
  const mean = (name: string, measure: string): number => row(name)?.means[measure] ?? Number.NaN;
  const pairs = [
    ["file, no passages", "file, passages"],
    ["npm run lm, no passages", "npm run lm, passages"],
    ["Worker, no retrieval", "Worker, its retrieval"],
  ] as const;
  const helps = pairs.every(([bare, augmented]) => mean(augmented, "Accuracy") > mean(bare, "Accuracy"));
  const isLikelier = mean("file, passages", "LogProb") > mean("file, no passages", "LogProb");
  const isSame = ["no passages", "passages"].every(
    (what) => JSON.stringify(row(`file, ${what}`)?.replies) === JSON.stringify(row(`npm run lm, ${what}`)?.replies),
  );
  process.stderr.write(`passages help: ${helps && isLikelier}; the server replies as the file does: ${isSame}\n`);
  return helps && isLikelier && isSame;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    questions: { type: "string", default: String(QUESTIONS.length) },
    documents: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const gguf = positionals[0] ?? DEFAULT_MODEL;
if (existsSync(gguf)) {
  const world = {
    gguf,
    folder: await mkdtemp(path.join(tmpdir(), "aar-answers-")),
    documents: Number(values.documents),
  };
  try {
    await makeSet(world, Number(values.questions));
    const rows = await rowsOf(world);
    const measures = ["Accuracy", "EM", "F1", "LogProb"];
    const cells = rows.map(({ name, means }) => [
      name,
      ...measures.map((measure) => means[measure]?.toFixed(3) ?? "-"),
    ]);
    process.stdout.write(
      values.json
        ? `${JSON.stringify(rows.map(({ name, means }) => ({ name, ...means })))}\n`
        : `${formatTable(["row", ...measures], cells)}\n`,
    );
    process.exitCode = isGood(rows) ? 0 : 1;
  } finally {
    await rm(world.folder, { recursive: true });
  }
} else {
  process.stderr.write(`skipped: there is no ${gguf}; name a GGUF file\n`);
}

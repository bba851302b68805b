import { appendFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Command } from "../../training/define-command.ts";

/** What a stage gave a command. */
export interface CommandCall {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Commands that write files of the right names and shapes without doing their work: two test questions, of which adapted rows
 * find one more than the base. They remember how they were called.
 */
export function fakeCommands(): { readonly find: (name: string) => Promise<Command>; readonly calls: CommandCall[] } {
  const calls: CommandCall[] = [];
  return {
    calls,
    find: async (name) => ({
      summary: name,
      description: "",
      examples: [],
      flags: [],
      argument: undefined,
      async execute(given, { print }) {
        calls.push({ name, options: given });
        const writer = WRITERS[name];
        if (writer === undefined) {
          throw new Error(`no fake of command ${name}`);
        }
        print(JSON.stringify((await writer(given)) ?? {}));
      },
    }),
  };
}

type Writer = (options: Readonly<Record<string, unknown>>) => Promise<unknown>;

async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const WRITERS: Readonly<Record<string, Writer>> = {
  encode: ({ output }) => write(path.join(text(output), "vectors.meta.json"), "{}"),
  mine: ({ output }) => write(path.join(text(output), "candidates.trec"), "q3 Q0 river 1 1 x\n"),
  async score({ output }) {
    await write(text(output), "");
    for (const [doc, score] of [
      ["river", 1.5],
      ["coast", -0.5],
    ]) {
      const line = { query_id: "q3", doc_id: doc, signal: "likelihood-gain", score };
      await appendFile(text(output), `${JSON.stringify(line)}\n`);
    }
    return { promptTokens: 100 };
  },
  async build({ output }) {
    await write(path.join(text(output), "train.jsonl"), "");
    await write(path.join(text(output), "dev.jsonl"), "");
    return { overlaps: [{ of: "human / likelihood-gain", jaccard: 0.25, questions: 4 }] };
  },
  async train({ output, mode }) {
    const metrics = [
      { step: 1, loss: 2 },
      { step: 1, measure: "nDCG@10", score: 0.5 },
    ];
    await write(path.join(text(output), "metrics.jsonl"), metrics.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const result = mode === "query-adapter" ? "adapter.safetensors" : "encoder/model.onnx";
    await write(path.join(text(output), result), "weights");
  },
  async evaluate({ run, perQuery, adapter }) {
    const second = adapter === undefined ? 0 : 1;
    await write(text(run), "q1 Q0 coast 1 2 x\nq2 Q0 capital 1 1 x\n");
    const lines = [
      { queryId: "q1", scores: { "nDCG@10": 1 } },
      { queryId: "q2", scores: { "nDCG@10": second } },
    ];
    await write(text(perQuery), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  },
  async answer({ output }) {
    await write(path.join(text(output), "answers.jsonl"), "");
    const lines = ["q1", "q2"].map((queryId) => ({ queryId, scores: { Accuracy: 1 } }));
    await write(path.join(text(output), "per-query.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return { promptTokens: 11, completionTokens: 3 };
  },
};

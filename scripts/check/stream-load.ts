/** Many streams at the same time. See HELP. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { type ScriptedAnswer, startScriptedLm } from "../local-worker/scripted-lm.ts";
import { connectWorkerHeap, type WorkerHeap } from "../local-worker/worker-heap.ts";
import { workerdMemory } from "../local-worker/workerd-usage.ts";
import { startWranglerDev } from "../local-worker/wrangler-dev.ts";
import { runStreamClient, type StreamTally } from "./stream-load/stream-client.ts";

const HELP = `Usage: node scripts/check/stream-load.ts [options]

Starts a Worker of its own under wrangler dev, with keys and a scripted upstream, and reads many streams at the same time.
Each stream checks that it holds its own words, all of them, in order, and its end. Fails when a stream does not, when the
usage records differ from what the upstream says it has sent, or when the isolate's heap grows. (The resident memory that is printed
beside it is of wrangler's own proxy too, which keeps some 0.1 MiB of every stream.)

Options:
  --streams <n>  streams at the same time (default: 200)
  --seconds <n>  how long new ones are begun (default: 60)
  --words <n>    of each stream (default: 40)
  --pause <ms>   between the words of a stream (default: 250)
  --help         show this help
`;

const MODEL = "scripted";
const OPERATOR = "stream-load-operator";
const TENANTS = 4;
/** The heap is measured this often; the medians of both halves of the run are compared. */
const MEMORY_INTERVAL_MS = 5_000;
const MAX_GROWTH = 0.2;
/** Usage arrives in the database some seconds after a stream's end. */
const USAGE_PATIENCE_MS = 60_000;

interface Load {
  readonly streams: number;
  readonly seconds: number;
  readonly words: number;
  readonly pause: number;
}

interface Sent {
  requests: number;
  promptTokens: number;
  completionTokens: number;
}

/** Words that name their stream: one in another's stream is seen. */
function wordsOf(question: string, count: number): string[] {
  return Array.from({ length: count }, (_word, index) => `${question}:${index} `);
}

async function main(load: Load): Promise<boolean> {
  const state = await mkdtemp(path.join(tmpdir(), "aar-stream-load-"));
  const secrets = path.join(state, "secrets");
  await writeFile(secrets, `ADMIN_KEY=${OPERATOR}\n`);
  await applyMigrations({ persistTo: state });
  const sent: Sent = { requests: 0, promptTokens: 0, completionTokens: 0 };
  const upstream = await startScriptedLm((question) => answerOf(question, load, sent));
  const inspectorPort = await findFreePort(29_300);
  const worker = await startWranglerDev({
    port: await findFreePort(28_300),
    inspectorPort,
    persistTo: state,
    secrets,
    vars: {
      MODE: "production",
      DEFAULT_MODEL: MODEL,
      TARGET_LMS: JSON.stringify({
        [MODEL]: { provider: "openai-compatible", model: MODEL, base_url: upstream.baseUrl },
      }),
      RATE_TIERS: JSON.stringify({ load: { concurrent_streams: load.streams, tokens_per_minute: 1_000_000_000 } }),
    },
  });
  try {
    const tally: StreamTally = { completed: 0, failures: [], firstWordMs: [] };
    const heap = await connectWorkerHeap(inspectorPort);
    const memory = await putLoad({ url: worker.url, pid: worker.pid, heap, load, tally });
    heap.close();
    const usage = await usageLikeSent(worker.url, sent);
    return report({ load, tally, memory, usage, sent });
  } finally {
    await worker.stop();
    await upstream.close();
    await rm(state, { recursive: true, force: true });
  }
}

function answerOf(question: string, { words, pause }: Load, sent: Sent): ScriptedAnswer {
  const usage = { prompt_tokens: 10 + (question.length % 7), completion_tokens: words };
  sent.requests += 1;
  sent.promptTokens += usage.prompt_tokens;
  sent.completionTokens += usage.completion_tokens;
  return { words: wordsOf(question, words), pauseMs: pause, usage };
}

interface PutLoadOptions {
  readonly url: string;
  readonly pid: number;
  readonly heap: WorkerHeap;
  readonly load: Load;
  readonly tally: StreamTally;
}

/** Resolves to the samples of the heap in MiB, when the last stream has ended. */
async function putLoad({ url, pid, heap, load, tally }: PutLoadOptions): Promise<readonly number[]> {
  const keys = await Promise.all(Array.from({ length: TENANTS }, (_tenant, index) => createKey(url, index)));
  const stop = new AbortController();
  const clients = Array.from({ length: load.streams }, (_stream, client) => {
    let count = 0;
    return runStreamClient({
      url,
      key: keys[client % TENANTS] ?? "",
      model: MODEL,
      questions: () => `s${client}n${count++}`,
      expected: (question) => wordsOf(question, load.words).join(""),
      tally,
      signal: stop.signal,
    });
  });
  const memory: number[] = [];
  const endsAt = performance.now() + load.seconds * 1000;
  while (performance.now() < endsAt) {
    await sleep(Math.min(MEMORY_INTERVAL_MS, Math.max(0, endsAt - performance.now())));
    memory.push(await heap.measure());
    console.error(
      `${tally.completed} streams done, ${tally.failures.length} failed, heap ${memory.at(-1)?.toFixed(1)} MiB, resident ${workerdMemory(pid).toFixed(0)} MiB`,
    );
  }
  stop.abort();
  await Promise.all(clients);
  return memory;
}

async function createKey(url: string, tenant: number): Promise<string> {
  const response = await fetch(`${url}/v1/admin/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${OPERATOR}` },
    body: JSON.stringify({
      name: `load ${tenant}`,
      tenant: `tenant-${tenant}`,
      scopes: ["generate"],
      collections: [],
      tier: "load",
      budget: { tokens: 1_000_000_000 },
    }),
  });
  return z.object({ key: z.string() }).parse(await response.json()).key;
}

const usageSchema = z.object({
  data: z.array(
    z.object({ requests: z.int(), completed: z.int(), prompt_tokens: z.int(), completion_tokens: z.int() }),
  ),
});

/** What the Worker has counted of generation, as soon as it is what was sent; else what it is when patience ends. */
async function usageLikeSent(url: string, sent: Sent): Promise<Sent> {
  const endsAt = performance.now() + USAGE_PATIENCE_MS;
  for (;;) {
    const response = await fetch(`${url}/v1/usage?group_by=model&model=${MODEL}`, {
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    const { data } = usageSchema.parse(await response.json());
    const usage = data.reduce<Sent>(
      (sum, row) => ({
        requests: sum.requests + row.completed,
        promptTokens: sum.promptTokens + row.prompt_tokens,
        completionTokens: sum.completionTokens + row.completion_tokens,
      }),
      { requests: 0, promptTokens: 0, completionTokens: 0 },
    );
    if (isSame(usage, sent) || performance.now() > endsAt) {
      return usage;
    }
    await sleep(1_000);
  }
}

function isSame(left: Sent, right: Sent): boolean {
  return (
    left.requests === right.requests &&
    left.promptTokens === right.promptTokens &&
    left.completionTokens === right.completionTokens
  );
}

interface Findings {
  readonly load: Load;
  readonly tally: StreamTally;
  readonly memory: readonly number[];
  readonly usage: Sent;
  readonly sent: Sent;
}

/** Prints the figures, and tells whether nothing went wrong. */
function report({ load, tally, memory, usage, sent }: Findings): boolean {
  const times = tally.firstWordMs.toSorted((a, b) => a - b);
  const growth = growthOf(memory);
  const figures = {
    ...load,
    completed: tally.completed,
    failed: tally.failures.length,
    first_word_ms: { p50: Math.round(percentile(times, 0.5)), p95: Math.round(percentile(times, 0.95)) },
    sent,
    usage,
    heap_mib: memory.map((sample) => Number(sample.toFixed(1))),
    heap_growth: Number(growth.toFixed(3)),
  };
  console.log(JSON.stringify(figures, undefined, 2));
  for (const failure of tally.failures.slice(0, 20)) {
    console.error(failure);
  }
  const checks = {
    "every stream has come whole": tally.failures.length === 0 && tally.completed > 0,
    "usage equals what was sent": isSame(usage, sent),
    [`the heap grows by less than ${MAX_GROWTH * 100} %`]: growth < MAX_GROWTH,
  };
  for (const [what, isGood] of Object.entries(checks)) {
    console.error(`${isGood ? "ok  " : "FAIL"} ${what}`);
  }
  return Object.values(checks).every(Boolean);
}

/** Of the second half's median over the first half's; 0 when there are too few samples to say. */
function growthOf(memory: readonly number[]): number {
  const half = Math.floor(memory.length / 2);
  if (half === 0) {
    return 0;
  }
  const median = (values: readonly number[]): number =>
    percentile(
      values.toSorted((a, b) => a - b),
      0.5,
    );
  return median(memory.slice(-half)) / median(memory.slice(0, half)) - 1;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

const whole = (fallback: number) => z.coerce.number().int().min(1).default(fallback);
const { values: flags } = parseArgs({
  options: {
    streams: { type: "string" },
    seconds: { type: "string" },
    words: { type: "string" },
    pause: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
} else {
  const load = z
    .object({ streams: whole(200), seconds: whole(60), words: whole(40), pause: whole(250) })
    .parse({ ...flags, help: undefined });
  process.exitCode = (await main(load)) ? 0 : 1;
}

/** Many streams at the same time. See HELP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { type BareWorker, startBareWorker, startScriptWorker } from "../local-worker/bare-worker.ts";
import { bundleWorker } from "../local-worker/bundle-worker.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { type ScriptedAnswer, startScriptedLm } from "../local-worker/scripted-lm.ts";
import { connectWorkerHeap, type WorkerHeap } from "../local-worker/worker-heap.ts";
import { FORWARDING_WORKER } from "./stream-load/forwarding-worker.ts";
import { growthOf, MAX_GROWTH, type MemorySample, percentile, sampleMemory } from "./stream-load/memory.ts";
import { runStreamClient, type StreamTally } from "./stream-load/stream-client.ts";

const HELP = `Usage: node scripts/check/stream-load.ts [options]

Starts a Worker of its own, as it would be deployed, in a workerd that holds nothing else; with keys and a scripted upstream;
and reads many streams at the same time. Each stream checks that it holds its own words, all of them, in order, and its end.
Fails when a stream does not, when the usage records differ from what the upstream says it has sent, or when memory grows:
the isolate's heap, or workerd's resident memory, from the first half of the time to the second.

Options:
  --streams <n>  streams at the same time (default: 200)
  --warm-up <n>  seconds before memory is looked at (default: 20)
  --seconds <n>  how long new streams are begun after that (default: 60)
  --words <n>    of each stream (default: 40)
  --pause <ms>   between the words of a stream (default: 250)
  --peer         the same load on a Worker that does nothing but pass on the upstream's stream: what workerd itself takes
  --help         show this help
`;

const MODEL = "scripted";
const OPERATOR = "stream-load-operator";
const TENANTS = 4;
/** Usage arrives in the database some seconds after a stream's end. */
const USAGE_PATIENCE_MS = 60_000;

interface Load {
  readonly streams: number;
  readonly warmUp: number;
  readonly seconds: number;
  readonly words: number;
  readonly pause: number;
  readonly peer: boolean;
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
  const sent: Sent = { requests: 0, promptTokens: 0, completionTokens: 0 };
  const upstream = await startScriptedLm((question) => answerOf(question, load, sent));
  const inspectorPort = await findFreePort(29_300);
  const worker = await (load.peer
    ? startScriptWorker(FORWARDING_WORKER, { vars: { UPSTREAM: upstream.baseUrl }, inspectorPort })
    : startOwnWorker({ state, baseUrl: upstream.baseUrl, inspectorPort, load }));
  try {
    const keys = load.peer
      ? ["none"]
      : await Promise.all(Array.from({ length: TENANTS }, (_tenant, index) => createKey(worker.url, index)));
    const tally: StreamTally = { completed: 0, failures: [], firstWordMs: [] };
    const heap = await connectWorkerHeap(inspectorPort);
    const memory = await putLoad({ url: worker.url, keys, heap, load, tally });
    heap.close();
    const usage = load.peer ? sent : await usageLikeSent(worker.url, sent);
    return report({ load, tally, memory, usage, sent });
  } finally {
    await worker.stop();
    await upstream.close();
    await rm(state, { recursive: true, force: true });
  }
}

interface StartOwnWorkerOptions {
  readonly state: string;
  readonly baseUrl: string;
  readonly inspectorPort: number;
  readonly load: Load;
}

async function startOwnWorker({ state, baseUrl, inspectorPort, load }: StartOwnWorkerOptions): Promise<BareWorker> {
  const bundle = path.join(state, "bundle");
  await Promise.all([bundleWorker({ directory: bundle }), applyMigrations({ persistTo: state })]);
  return await startBareWorker({
    bundle,
    persistTo: state,
    inspectorPort,
    vars: {
      MODE: "production",
      ADMIN_KEY: OPERATOR,
      DEFAULT_MODEL: MODEL,
      TARGET_LMS: JSON.stringify({ [MODEL]: { provider: "openai-compatible", model: MODEL, base_url: baseUrl } }),
      RATE_TIERS: JSON.stringify({ load: { concurrent_streams: load.streams, tokens_per_minute: 1_000_000_000 } }),
    },
  });
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
  readonly keys: readonly string[];
  readonly heap: WorkerHeap;
  readonly load: Load;
  readonly tally: StreamTally;
}

/** Resolves to the samples of memory after the warm-up, when the last stream has ended. */
async function putLoad({ url, keys, heap, load, tally }: PutLoadOptions): Promise<readonly MemorySample[]> {
  const stop = new AbortController();
  const clients = Array.from({ length: load.streams }, (_stream, client) => {
    let count = 0;
    return runStreamClient({
      url,
      key: keys[client % keys.length] ?? "",
      model: MODEL,
      questions: () => `s${client}n${count++}`,
      expected: (question) => wordsOf(question, load.words).join(""),
      tally,
      signal: stop.signal,
    });
  });
  await sleep(load.warmUp * 1000);
  const memory = await sampleMemory(heap, { seconds: load.seconds, streams: () => tally.completed });
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
  readonly memory: readonly MemorySample[];
  readonly usage: Sent;
  readonly sent: Sent;
}

/** Prints the figures, and tells whether nothing went wrong. */
function report({ load, tally, memory, usage, sent }: Findings): boolean {
  const times = tally.firstWordMs.toSorted((a, b) => a - b);
  const [heap, resident] = [growthOf(memory.map(({ heap }) => heap)), growthOf(memory.map(({ resident }) => resident))];
  const figures = {
    ...load,
    completed: tally.completed,
    failed: tally.failures.length,
    first_word_ms: { p50: Math.round(percentile(times, 0.5)), p95: Math.round(percentile(times, 0.95)) },
    sent,
    usage,
    heap_mib: heap,
    resident_mib: resident,
  };
  console.log(JSON.stringify(figures, undefined, 2));
  for (const failure of tally.failures.slice(0, 20)) {
    console.error(failure);
  }
  const checks = {
    "every stream has come whole": tally.failures.length === 0 && tally.completed > 0,
    "usage equals what was sent": isSame(usage, sent),
    [`the heap grows by less than ${MAX_GROWTH * 100} %`]: heap.growth < MAX_GROWTH,
    [`resident memory grows by less than ${MAX_GROWTH * 100} %`]: resident.growth < MAX_GROWTH,
  };
  for (const [what, isGood] of Object.entries(checks)) {
    console.error(`${isGood ? "ok  " : "FAIL"} ${what}`);
  }
  return Object.values(checks).every(Boolean);
}

const whole = (fallback: number) => z.coerce.number().int().min(1).default(fallback);
const { values: flags } = parseArgs({
  options: {
    streams: { type: "string" },
    seconds: { type: "string" },
    words: { type: "string" },
    pause: { type: "string" },
    "warm-up": { type: "string" },
    peer: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
} else {
  const { "warm-up": warmUp, help: _help, ...rest } = flags;
  const load = z
    .object({
      streams: whole(200),
      warmUp: whole(20),
      seconds: whole(60),
      words: whole(40),
      pause: whole(250),
      peer: z.boolean(),
    })
    .parse({ ...rest, warmUp });
  process.exitCode = (await main(load)) ? 0 : 1;
}

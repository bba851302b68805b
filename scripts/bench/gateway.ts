/** What the Worker costs a streamed answer, beside Portkey's gateway. See HELP. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { startScriptedLm } from "../local-worker/scripted-lm.ts";
import { startWranglerDev } from "../local-worker/wrangler-dev.ts";
import { median, percentile } from "./edge/statistics.ts";
import { startPortkey } from "./gateway/portkey.ts";
import { type StreamTarget, timeStream, type StreamTimes } from "./gateway/time-stream.ts";

const HELP = `Usage: node scripts/bench/gateway.ts [--rounds <n>] [--json]

Streams answers from a scripted upstream on this machine that answers at once: straight from it, through Portkey's gateway
(npm, on Node; installed into .aar at first), and through this Worker (under wrangler dev) with everything switched on: a key
with limits and a budget, prices, usage records, a fallback with hedging, circuit breakers, a deadline, caches. One at a time,
taking turns; medians of the time to the first word and to the end. Ways through the Worker: retrieval off; retrieval of a
question that is new; retrieval of one that was asked before. Portkey waits 25 ms before it passes on the first piece of a stream (its
source says so), so answers in one piece are measured too.

Options:
  --rounds <n>  of all ways (default: 300)
  --json        print one object
`;

const MODEL = "bench";
const OPERATOR = "gateway-bench-operator";
const COLLECTION = "bench";
const WORDS = ["Canada", " has", " the", " longest", " coastline", "."];
const WARM_UP = 30;
const QUESTION = "Which country has the longest coastline?";
/** Said with a number, so that no cache knows them. */
const SUBJECTS = ["coastline", "river", "border", "name", "railway", "history", "night", "constitution"];

async function main(rounds: number): Promise<Record<string, number>> {
  const state = await mkdtemp(path.join(tmpdir(), "aar-gateway-bench-"));
  const secrets = path.join(state, "secrets");
  await writeFile(secrets, `ADMIN_KEY=${OPERATOR}\n`);
  await applyMigrations({ persistTo: state });
  const upstream = await startScriptedLm(() => ({
    words: WORDS,
    usage: { prompt_tokens: 12, completion_tokens: WORDS.length },
  }));
  const portkey = await startPortkey();
  const lm = { provider: "openai-compatible", model: MODEL, base_url: upstream.baseUrl };
  const worker = await startWranglerDev({
    port: await findFreePort(28_600),
    persistTo: state,
    secrets,
    vars: {
      MODE: "production",
      DEFAULT_MODEL: MODEL,
      DEFAULT_COLLECTION: COLLECTION,
      TARGET_LMS: JSON.stringify({ [MODEL]: { ...lm, fallbacks: ["second"], hedge_after_ms: 10_000 }, second: lm }),
      RATE_TIERS: JSON.stringify({
        bench: { requests_per_minute: 1_000_000, tokens_per_minute: 1_000_000_000, concurrent_streams: 100 },
      }),
      PRICES: JSON.stringify({ models: { [MODEL]: { prompt_per_million: 1, completion_per_million: 2 } } }),
      REQUEST_TIMEOUT_MS: "60000",
      CACHE: JSON.stringify({ answer: {} }),
    },
  });
  try {
    const key = await prepare(worker.url);
    const authorization = { authorization: `Bearer ${key}` };
    const own = `${worker.url}/v1/chat/completions`;
    const straight = { url: `${upstream.baseUrl}/chat/completions`, headers: {} };
    const through = {
      url: `${portkey.url}/v1/chat/completions`,
      headers: {
        authorization: "Bearer none",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": upstream.baseUrl,
      },
    };
    const times = await takeTurns(rounds, {
      direct: { ...straight, body: {} },
      direct_one_piece: { ...straight, body: { stream: false } },
      portkey: { ...through, body: {} },
      portkey_one_piece: { ...through, body: { stream: false } },
      worker_one_piece: { url: own, headers: authorization, body: { retrieval: false, stream: false } },
      worker: { url: own, headers: authorization, body: { retrieval: false } },
      worker_new_question: { url: own, headers: authorization, body: {} },
      worker_known_question: { url: own, headers: authorization, body: {} },
    });
    return figuresOf(times);
  } finally {
    await worker.stop();
    await portkey.stop();
    await upstream.close();
    await rm(state, { recursive: true, force: true });
  }
}

/** Makes a key and a small collection, and waits until it can be searched. */
async function prepare(url: string): Promise<string> {
  const send = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${OPERATOR}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    }
    return await response.json();
  };
  await send("/v1/collections", { name: COLLECTION });
  await send(`/v1/collections/${COLLECTION}/documents`, {
    documents: SUBJECTS.map((subject) => ({
      id: subject,
      title: `The longest ${subject}`,
      content: `Which country has the longest ${subject} is a matter of how the ${subject} is measured.`,
    })),
  });
  const settings = {
    name: "bench",
    tenant: "bench",
    scopes: ["retrieve", "generate"],
    collections: [COLLECTION],
    tier: "bench",
    budget: { tokens: 1_000_000_000, usd: 1_000_000 },
  };
  const { key } = z.object({ key: z.string() }).parse(await send("/v1/admin/keys", settings));
  const found = z.object({ data: z.array(z.unknown()) });
  for (;;) {
    const { data } = found.parse(await send("/v1/retrieve", { query: QUESTION, collection: COLLECTION }));
    if (data.length > 0) {
      return key;
    }
    await sleep(500);
  }
}

const WAYS = [
  "direct",
  "portkey",
  "worker",
  "worker_new_question",
  "worker_known_question",
  "direct_one_piece",
  "portkey_one_piece",
  "worker_one_piece",
] as const;
type Way = (typeof WAYS)[number];

async function takeTurns(
  rounds: number,
  targets: Readonly<Record<Way, StreamTarget>>,
): Promise<Readonly<Record<Way, StreamTimes[]>>> {
  const times = Object.fromEntries(WAYS.map((way) => [way, []])) as unknown as Record<Way, StreamTimes[]>;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const way of WAYS) {
      const subject = SUBJECTS[Math.abs(round) % SUBJECTS.length] ?? "";
      const question = way === "worker_new_question" ? `Which country has the longest ${subject}, ${round}?` : QUESTION;
      const measured = await timeStream(targets[way], { model: MODEL, question, firstWord: "Canada" });
      if (round >= 0) {
        times[way].push(measured);
      }
    }
  }
  return times;
}

function figuresOf(times: Readonly<Record<Way, readonly StreamTimes[]>>): Record<string, number> {
  const firstWords = (way: Way): number[] => times[way].map(({ firstWord }) => firstWord);
  const added = (way: Way): number[] =>
    firstWords(way).map((milliseconds, round) => milliseconds - (times.direct[round]?.firstWord ?? Number.NaN));
  return {
    ...Object.fromEntries(
      WAYS.flatMap((way) => [
        [`${way}_first_word_p50_ms`, median(firstWords(way))],
        [`${way}_first_word_p95_ms`, percentile(firstWords(way), 0.95)],
        [`${way}_whole_p50_ms`, median(times[way].map(({ whole }) => whole))],
        ...(way === "direct" ? [] : [[`${way}_added_p50_ms`, median(added(way))] as const]),
      ]),
    ),
    worker_over_portkey_first_word: median(firstWords("worker")) / median(firstWords("portkey")),
    worker_over_portkey_added: median(added("worker")) / median(added("portkey")),
    worker_over_portkey_one_piece: median(firstWords("worker_one_piece")) / median(firstWords("portkey_one_piece")),
  };
}

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "300" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
} else {
  const figures = await main(z.coerce.number().int().min(1).parse(flags.rounds));
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  } else {
    const width = Math.max(...Object.keys(figures).map((name) => name.length));
    for (const [name, value] of Object.entries(figures)) {
      process.stdout.write(`${name.padEnd(width)}  ${value.toFixed(2).padStart(8)}\n`);
    }
  }
}

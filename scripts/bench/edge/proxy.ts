import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { findFreePort } from "../../local-worker/free-port.ts";
import { startWranglerDev } from "../../local-worker/wrangler-dev.ts";
import { percentile, time } from "./statistics.ts";
import { startWorkerProcess } from "./worker-process.ts";

const REQUESTS = 300;
const WARM_UP = 30;
const MODEL = "bench";

/** What the upstream answers at once, so that all that is measured is the way to it. */
const COMPLETION = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_750_000_000,
  model: MODEL,
  choices: [{ index: 0, message: { role: "assistant", content: "Canada." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 12, completion_tokens: 2, total_tokens: 14 },
});

/**
 * Milliseconds of a chat completion with retrieval off through the Worker, beside the same request sent straight to an
 * upstream on this machine that answers at once, and through a Worker that only forwards (`wrangler dev` costs something of
 * its own); one at a time, taking turns. `added` is what the Worker adds to the direct way, `own` what to the forwarding one.
 */
export async function benchProxy(): Promise<Record<string, number>> {
  const upstream = await startUpstream();
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-proxy-bench-"));
  const worker = await startWranglerDev({
    port: await findFreePort(8940),
    persistTo,
    vars: {
      TARGET_LMS: JSON.stringify({
        [MODEL]: { provider: "openai-compatible", model: MODEL, base_url: upstream.baseUrl },
      }),
      DEFAULT_MODEL: MODEL,
    },
  });
  const forwarder = await startWorkerProcess({ configs: ["scripts/bench/edge/workers/forward.toml"], persistTo });
  try {
    const direct = `${upstream.baseUrl}/chat/completions`;
    const samples = await takeTurns({
      direct: () => complete(direct, {}),
      forwarded: () => complete(`${forwarder.origin}/?to=${encodeURIComponent(direct)}`, {}),
      proxied: () => complete(`${worker.url}/v1/chat/completions`, { retrieval: false }),
    });
    const added = samples.proxied.map((value, i) => value - (samples.direct[i] ?? NaN));
    const own = samples.proxied.map((value, i) => value - (samples.forwarded[i] ?? NaN));
    return {
      ...percentiles("direct", samples.direct),
      ...percentiles("forwarded", samples.forwarded),
      ...percentiles("proxied", samples.proxied),
      ...percentiles("added", added),
      ...percentiles("own", own),
      proxied_over_direct_p50: percentile(samples.proxied, 0.5) / percentile(samples.direct, 0.5),
      proxied_over_forwarded_p50: percentile(samples.proxied, 0.5) / percentile(samples.forwarded, 0.5),
    };
  } finally {
    await worker.stop();
    await forwarder.stop();
    upstream.server.close();
    await rm(persistTo, { recursive: true, force: true });
  }
}

type Way = "direct" | "forwarded" | "proxied";

async function takeTurns(ways: Readonly<Record<Way, () => Promise<void>>>): Promise<Record<Way, number[]>> {
  const samples: Record<Way, number[]> = { direct: [], forwarded: [], proxied: [] };
  for (let i = -WARM_UP; i < REQUESTS; i += 1) {
    for (const way of ["direct", "forwarded", "proxied"] as const) {
      const elapsed = await time(ways[way]);
      if (i >= 0) {
        samples[way].push(elapsed);
      }
    }
  }
  return samples;
}

function percentiles(name: string, values: readonly number[]): Record<string, number> {
  return { [`${name}_p50_ms`]: percentile(values, 0.5), [`${name}_p95_ms`]: percentile(values, 0.95) };
}

async function complete(url: string, extension: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: "user", content: "Which country has the longest coastline?" }],
      ...extension,
    }),
  });
  const body = await response.text();
  if (!response.ok || !body.includes("Canada.")) {
    throw new Error(`${url} answered ${response.status}: ${body}`);
  }
}

async function startUpstream(): Promise<{ readonly server: Server; readonly baseUrl: string }> {
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.writeHead(200, { "content-type": "application/json" }).end(COMPLETION);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return { server, baseUrl: `http://127.0.0.1:${port}/v1` };
}

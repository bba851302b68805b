/**
 * `npm run lm -- model.gguf`: an OpenAI-compatible server over a GGUF file of this machine, for the Worker's target LM without a
 * key, and for labelling with a real LM.
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { AppError } from "../src/shared/errors.ts";
import { openLlamaLm } from "../training/llama/llama-local-lm.ts";
import { createLmServer } from "../training/lm-server/lm-server.ts";

const USAGE = `npm run lm -- <model.gguf> [--port 8099] [--threads 1] [--context tokens]

OpenAI-compatible on 127.0.0.1: /v1/chat/completions, /v1/completions (stream, logprobs, stop, seed, echo), /v1/models.
As a target LM of the Worker: "local": {"provider": "openai-compatible", "base_url": "http://localhost:8099/v1", "model": "any"}.
As a source LM: npm run aar -- score --lm http://localhost:8099/v1 --model any …`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8099" },
      threads: { type: "string", default: "1" },
      context: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined || values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const lm = await openLlamaLm(file, {
    threads: wholeNumber("threads", values.threads),
    contextSize: values.context === undefined ? undefined : wholeNumber("context", values.context),
  });
  const server = createLmServer(lm);
  server.listen(wholeNumber("port", values.port, 0), "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : values.port;
  process.stdout.write(`${lm.name} (context ${lm.contextSize}) at http://127.0.0.1:${port}/v1\n`);
  process.once("SIGINT", () => {
    server.closeAllConnections();
    server.close(() => void lm.close());
  });
}

function wholeNumber(name: string, text: string, minimum = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum) {
    throw new AppError("invalid_request", `--${name} must be a whole number of at least ${minimum}, got ${text}`);
  }
  return value;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import type { AppDependencies } from "../../../src/http/app-dependencies.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { abortError } from "../../../src/shared/abort-error.ts";
import { createAppOverFakes } from "../../support/app-over-fakes.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryLedgers } from "../../support/memory-ledgers.ts";
import { collectionOf } from "../../support/passages.ts";

const messages = [{ role: "user", content: "What purrs?" }];

/** Resolves when somebody waits at it; the client leaves then. */
interface Gate {
  readonly reached: Promise<void>;
  /** Waits until the signal fires, and throws why; without a signal, until the client has left. */
  readonly wait: (signal?: AbortSignal) => Promise<void>;
}

function gateOf(left: AbortSignal): Gate {
  const reached = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    wait: async (signal) => {
      reached.resolve();
      const watched = signal ?? left;
      if (!watched.aborted) {
        await new Promise((resolve) => watched.addEventListener("abort", resolve, { once: true }));
      }
      if (signal !== undefined) {
        throw abortError(signal);
      }
    },
  };
}

type Stage = (gate: Gate, ledgers: ReturnType<typeof memoryLedgers>) => Partial<AppDependencies>;

function silentTarget(gate: Gate, words: readonly string[]): TargetLm {
  return {
    ...fakeTargetLm({ name: "extractive" }),
    async *generate(_request, { signal }) {
      for (const text of words) {
        yield { type: "text-delta", choice: 0, text };
      }
      await gate.wait(signal);
    },
  };
}

/** A stage at which the client leaves, and what was used by then. */
const STAGES: Readonly<Record<string, readonly [stage: Stage, completionTokens: number]>> = {
  "its key's ledger is asked": [
    (gate, { ledgerOf }) => ({
      ledgerOf: (keyId) => {
        const ledger = ledgerOf(keyId);
        return {
          ...ledger,
          open: async (...args) => {
            await gate.wait();
            return await ledger.open(...args);
          },
        };
      },
    }),
    0,
  ],
  "the collection is looked up": [
    (gate) => ({
      store: {
        getCollection: async () => {
          await gate.wait();
          return collectionOf();
        },
      } as unknown as AppDependencies["store"],
    }),
    0,
  ],
  "passages are searched": [
    (gate) => ({
      retriever: {
        retrieve: async ({ signal }) => {
          await gate.wait(signal);
          throw new Error("unreachable");
        },
      },
    }),
    0,
  ],
  "the target LM thinks": [(gate) => ({ targetLms: () => [silentTarget(gate, [])] }), 0],
  "the target LM speaks": [(gate) => ({ targetLms: () => [silentTarget(gate, ["Cats"])] }), 1],
};

/** As a server does: when its client's connection closes, the body is cancelled. */
async function readUntilGone(asked: Promise<Response>, gone: AbortSignal): Promise<void> {
  const reader = (await asked).body?.getReader();
  gone.addEventListener("abort", () => void reader?.cancel().catch(() => undefined));
  let isOver = false;
  while (!isOver) {
    isOver = (await reader?.read())?.done !== false;
  }
}

describe("a client that leaves while", () => {
  for (const [name, [stage, completionTokens]] of Object.entries(STAGES)) {
    it.for([true, false])(`${name} (stream: %s) is counted once, as gone`, async (stream, { expect }) => {
      const client = new AbortController();
      const gate = gateOf(client.signal);
      const ledgers = memoryLedgers();
      const deferred: Promise<unknown>[] = [];
      const app = createAppOverFakes({
        ledgerOf: ledgers.ledgerOf,
        answer: answerQuery,
        variables: { MODE: "production", API_KEYS: "client", ADMIN_KEY: "operator" },
        dependencies: { defer: (work) => deferred.push(work), ...stage(gate, ledgers) },
      });
      const created = await app.fetch("/v1/admin/keys", {
        method: "POST",
        headers: { authorization: "Bearer operator" },
        body: JSON.stringify({ name: "k", tenant: "acme", scopes: ["generate"], collections: ["*"] }),
      });
      const { id, key } = (await created.json()) as { id: string; key: string };
      const request: RequestInit = {
        method: "POST",
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ messages, stream }),
        signal: client.signal,
      };
      const asked = readUntilGone(app.fetch("/v1/chat/completions", request), client.signal).catch(() => undefined);
      await gate.reached;
      client.abort();
      await asked;
      await Promise.all(deferred);
      const records = (await ledgers.records()).filter(({ keyId }) => keyId === id);
      expect(records).toMatchObject([{ outcome: "aborted", counts: { completionTokens } }]);
    });
  }
});

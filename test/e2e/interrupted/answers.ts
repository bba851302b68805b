import { describe, it } from "vitest";
import type { ScriptedAnswer } from "../../../scripts/local-worker/scripted-lm.ts";
import { type MortalWorker, OPERATOR, PATIENCE_MS, UNLIMITED, until } from "./mortal-worker.ts";

const CHAT = "/v1/chat/completions";
/** More than half of what its key may take in a month, so that two of them at a time are too much. */
const MAX_TOKENS = 1_500;
const BUDGET_TOKENS = 2_000;
export const RATE_TIERS = JSON.stringify({ one: { concurrent_streams: 1 } });

const USAGE = { prompt_tokens: 11, completion_tokens: 3 };
const END = ["The", " end", "."];

/** What the upstream says before the Worker is killed: minutes of walruses, unless it is asked for something short. */
export function answerBefore(question: string): ScriptedAnswer {
  return question === "short"
    ? answerAfter()
    : { words: Array.from({ length: 1_800 }, () => "walrus "), pauseMs: 100, usage: USAGE };
}

/** What it says then, to the same questions. */
export function answerAfter(): ScriptedAnswer {
  return { words: END, usage: USAGE };
}

const ask = (content: string): object => ({
  retrieval: false,
  max_tokens: MAX_TOKENS,
  messages: [{ role: "user", content }],
});
const LONG = ask("long");
const SHORT = ask("short");

/** A client that reads, or waits for, an answer: what it has got, and how that ended. */
interface Reader {
  readonly text: () => string;
  /** Resolves to whether it ended well: false when the connection broke. */
  readonly ended: Promise<boolean>;
}

/** Answers that were under way when the Worker was killed, of a key each. */
export interface BegunAnswers {
  /** A stream of some seconds, with an Idempotency-Key. */
  readonly stream: Asker & { readonly reader: Reader };
  /** What the same key was told meanwhile. */
  readonly refusedMeanwhile: number;
  /** An answer in one piece, with an Idempotency-Key. */
  readonly whole: Asker & { readonly reader: Reader };
  /** A stream of a key that is not used again. */
  readonly abandoned: Asker & { readonly reader: Reader };
  /** A stream in its first moments, of a caller without limits. */
  readonly fresh: { readonly reader: Reader };
}

interface Asker {
  readonly id: string;
  /** Asks, and counts how often. */
  readonly ask: (body: object, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  readonly asked: () => number;
}

/** Resolves while all of them are under way, the first for two seconds. */
export async function beginAnswers(worker: MortalWorker): Promise<BegunAnswers> {
  const [first, second, third] = [await createAsker(worker), await createAsker(worker), await createAsker(worker)];
  const stream = read(await first.ask({ stream: true, ...LONG }, { "idempotency-key": "stream" }));
  const abandoned = read(await third.ask({ stream: true, ...LONG }));
  const wholeText = second.ask(LONG, { "idempotency-key": "whole" }).then((response) => response.text());
  const whole: Reader = { text: () => "", ended: wholeText.then(() => true).catch(() => false) };
  await untilWords(stream, 20);
  const refused = await first.ask(SHORT);
  const fresh = read(
    await worker.fetch(CHAT, { method: "POST", headers: UNLIMITED, body: JSON.stringify({ stream: true, ...LONG }) }),
  );
  // Well within its first second.
  await untilWords(fresh, 3);
  return {
    stream: { ...first, reader: stream },
    refusedMeanwhile: refused.status,
    whole: { ...second, reader: whole },
    abandoned: { ...third, reader: abandoned },
    fresh: { reader: fresh },
  };
}

/** After the Worker was killed in the middle of answers and started again. */
export function describeAnswers(world: () => { readonly worker: MortalWorker; readonly answers: BegunAnswers }): void {
  describe.concurrent("an answer", { timeout: PATIENCE_MS }, () => {
    it("breaks off for its client, who takes it neither for whole nor for under way", async ({ expect }) => {
      const { stream, whole, abandoned, fresh } = world().answers;
      const readers = [stream, whole, abandoned, fresh].map(({ reader }) => reader);
      expect(await Promise.all(readers.map(({ ended }) => ended))).toEqual([false, false, false, false]);
      expect(stream.reader.text()).toContain("walrus");
      expect(readers.filter(({ text }) => text().includes("[DONE]"))).toEqual([]);
    });

    it("is counted once, as far as was heard of it; what it held is free again", async ({ expect }) => {
      const { worker, answers } = world();
      const { stream, refusedMeanwhile } = answers;
      expect(refusedMeanwhile).toBe(429);
      const again = (): Promise<Response> => stream.ask({ stream: true, ...SHORT }, { "idempotency-key": "new" });
      const response = await until(again, ({ status }) => status !== 429);
      expect([response.status, (await response.text()).trimEnd().endsWith("data: [DONE]")]).toEqual([200, true]);
      const usage = await until(
        () => usageOf(worker, ({ key }) => key === stream.id),
        ({ completed }) => completed === 1,
      );
      expect(usage).toMatchObject({ lost: 1, completed: 1, aborted: 0, failed: 0, requests: stream.asked() });
      const { prompt_tokens: prompt, completion_tokens: completion } = usage;
      expect(prompt).toBeGreaterThan(USAGE.prompt_tokens);
      expect(completion).toBeGreaterThan(USAGE.completion_tokens);
      expect(prompt + completion).toBeLessThan(BUDGET_TOKENS - MAX_TOKENS);
    });

    it("can be asked for anew with its Idempotency-Key, and is then kept", async ({ expect }) => {
      const { worker, answers } = world();
      const { whole } = answers;
      const again = (): Promise<Response> => whole.ask(LONG, { "idempotency-key": "whole" });
      const response = await until(again, ({ status }) => status !== 409);
      const kept = await again();
      expect([response.status, kept.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
      const body = await response.json();
      expect(body).toMatchObject({ choices: [{ message: { content: END.join("") } }] });
      expect(await kept.json()).toEqual(body);
      const usage = await until(
        () => usageOf(worker, ({ key }) => key === whole.id),
        ({ completed }) => completed === 2,
      );
      expect(usage).toMatchObject({ lost: 1, requests: whole.asked(), ...USAGE });
    });

    it("of a key that is not used again is counted all the same", async ({ expect }) => {
      const { worker, answers } = world();
      const usage = await until(
        () => usageOf(worker, ({ key }) => key === answers.abandoned.id),
        ({ requests }) => requests > 0,
      );
      expect(usage).toMatchObject({ requests: 1, lost: 1 });
      expect(usage.completion_tokens).toBeGreaterThan(0);
    });

    it("of a caller without limits is counted even within its first second", async ({ expect }) => {
      const usage = await until(
        () => usageOf(world().worker, ({ tenant, lost }) => tenant === "environment" && lost > 0),
        ({ lost }) => lost > 0,
      );
      expect(usage.lost).toBe(1);
    });
  });
}

async function createAsker({ call, fetch: send }: MortalWorker): Promise<Asker> {
  const settings = { name: "k", tenant: "acme", scopes: ["generate"], tier: "one", budget: { tokens: BUDGET_TOKENS } };
  const { id, key } = await call<{ readonly id: string; readonly key: string }>("/v1/admin/keys", {
    method: "POST",
    headers: OPERATOR,
    body: JSON.stringify(settings),
  });
  let asked = 0;
  return {
    id,
    ask: (body, headers = {}) => {
      asked += 1;
      return send(CHAT, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, ...headers },
        body: JSON.stringify(body),
      });
    },
    asked: () => asked,
  };
}

function read(response: Response): Reader {
  let text = "";
  async function readOn(): Promise<boolean> {
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += piece;
      }
      return true;
    } catch {
      return false;
    }
  }
  return { text: () => text, ended: readOn() };
}

async function untilWords({ text }: Reader, count: number): Promise<void> {
  await until(
    () => Promise.resolve(text().split("walrus").length),
    (pieces) => pieces > count,
  );
}

interface UsageRow {
  readonly tenant: string;
  readonly key: string;
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  readonly aborted: number;
  readonly lost: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

const NOTHING: UsageRow = {
  tenant: "",
  key: "",
  requests: 0,
  completed: 0,
  failed: 0,
  aborted: 0,
  lost: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
};

/** What the database has of a key, or of another group. */
async function usageOf({ call }: MortalWorker, isOf: (row: UsageRow) => boolean): Promise<UsageRow> {
  const { data } = await call<{ readonly data: readonly UsageRow[] }>("/v1/usage?group_by=tenant,key", {
    headers: OPERATOR,
  });
  return data.find((row) => isOf(row)) ?? NOTHING;
}

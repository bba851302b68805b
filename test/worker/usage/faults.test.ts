import { describe, it } from "vitest";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { passageOf } from "../../support/passages.ts";
import { retrievalWorld } from "../retrieval/retrieval-world.ts";
import { createMeteredApp, ledgerObject, usageRows, withKey } from "./metered-app.ts";

const CHAT = "/v1/chat/completions";
const COLLECTION = "faults";
const messages = [{ role: "user", content: "Where does the walrus rest?" }];

type Fault = "none" | "fails" | "hangs";
interface Faults {
  database: Fault;
  vectorIndex: Fault;
}

/** Every call of the part meets the fault that is set at that moment. */
function faulty<Part extends object>(part: Part, faultOf: () => Fault): Part {
  return new Proxy(part, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") {
        return member;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        if (faultOf() === "fails") {
          throw new Error("injected fault");
        }
        if (faultOf() === "hangs") {
          await new Promise(() => undefined);
        }
        return (await member.apply(target, args)) as unknown;
      };
    },
  });
}

/** The app over the real D1, the embedded index and the real ledgers, with a collection that was read once. */
async function world() {
  const faults: Faults = { database: "none", vectorIndex: "none" };
  const parts = retrievalWorld({ around: (part, name) => faulty(part, () => faults[name]) });
  await parts.upload(COLLECTION, [
    passageOf({ id: "walrus", title: "Walrus", text: "The walrus rests on ice." }),
    passageOf({ id: "otter", title: "Otter", text: "The otter lives in rivers." }),
  ]);
  const target = fakeTargetLm({ name: "extractive", script: ["On ice [1]."] });
  const app = createMeteredApp({
    variables: { DEFAULT_COLLECTION: COLLECTION },
    dependencies: {
      store: parts.store,
      retriever: parts.retriever,
      targetLms: () => [target],
      answer: answerQuery,
      now: () => performance.now(),
    },
  });
  const { id, key } = await app.createKey();
  const ask = async (body: object = {}, headers: Readonly<Record<string, string>> = {}) => {
    const response = await app.fetch(CHAT, withKey(key, { messages, ...body }, { headers }));
    const json: { retrieval?: { passages: { id: string }[]; notices: { code: string }[] }; error?: { code: string } } =
      await response.json();
    return { status: response.status, degraded: response.headers.get("x-degraded"), json };
  };
  await ask();
  return { faults, ask, app, id, key };
}

const CASES: readonly (readonly [
  what: string,
  faults: Partial<Faults>,
  headers: Readonly<Record<string, string>>,
  expected: { readonly degraded: string; readonly passages: readonly string[] },
])[] = [
  ["the vector index fails", { vectorIndex: "fails" }, {}, { degraded: "dense", passages: ["walrus"] }],
  ["D1 fails", { database: "fails" }, {}, { degraded: "dense, lexical", passages: [] }],
  ["both fail", { database: "fails", vectorIndex: "fails" }, {}, { degraded: "dense, lexical", passages: [] }],
  [
    "the vector index hangs",
    { vectorIndex: "hangs" },
    { "x-request-timeout-ms": "2000" },
    { degraded: "dense", passages: ["walrus"] },
  ],
];

describe("when", () => {
  it.for(CASES)("%s, an answer does without and says so", async ([, injected, headers, expected], { expect }) => {
    const { faults, ask, app, id } = await world();
    Object.assign(faults, injected);
    const { status, degraded, json } = await ask({}, headers);
    expect([status, degraded]).toEqual([200, expected.degraded]);
    expect(json.retrieval?.passages.map((passage) => passage.id)).toEqual(expected.passages);
    const strict = await ask({ retrieval: { on_error: "fail" } }, headers);
    expect([strict.status, strict.json.error?.code]).toEqual([503, "retrieval_failed"]);

    Object.assign(faults, { database: "none", vectorIndex: "none" });
    expect((await ask()).degraded).toBeNull();
    await app.settled();
    await ledgerObject(id).flush();
    expect((await usageRows(id)).map(({ outcome }) => outcome)).toEqual([
      "completed",
      "completed",
      "failed",
      "completed",
    ]);
  });

  it("D1 fails before a collection was ever read, it is 503 and to be tried again", async ({ expect }) => {
    const { faults, ask } = await world();
    faults.database = "fails";
    const { status, json } = await ask({ retrieval: { collection: "never-read" } });
    expect([status, json.error?.code]).toEqual([503, "retrieval_failed"]);
  });

  it("D1 hangs, the request's deadline is kept", async ({ expect }) => {
    const { faults, ask } = await world();
    faults.database = "hangs";
    const { status, json } = await ask({}, { "x-request-timeout-ms": "300" });
    expect([status, json.error?.code]).toEqual([504, "deadline_exceeded"]);
  });
});

describe("isolates whose clocks are an hour apart", () => {
  it("keep one limit together", async ({ expect }) => {
    const skewed = [0, 3_600_000, -3_600_000].map((skew) =>
      createMeteredApp({
        variables: { RATE_TIERS: '{"ten": {"requests_per_minute": 10}}' },
        dependencies: { wallClock: () => Date.now() + skew },
      }),
    );
    const [first] = skewed;
    const { id, key } = (await first?.createKey({ tier: "ten" })) ?? { id: "", key: "" };
    const statuses: number[] = [];
    for (let round = 0; round < 8; round++) {
      const responses = await Promise.all(
        skewed.map((app) => app.fetch("/v1/retrieve", withKey(key, { query: "purr" }))),
      );
      statuses.push(...responses.map(({ status }) => status));
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    await Promise.all(skewed.map((app) => app.settled()));
    await ledgerObject(id).flush();
    expect(await usageRows(id)).toHaveLength(24);
  });
});

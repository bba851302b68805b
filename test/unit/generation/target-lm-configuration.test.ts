import { readFile } from "node:fs/promises";
import { describe, test } from "vitest";
import { CircuitBreakers } from "../../../src/generation/circuit-breakers.ts";
import { createTargetLmChain } from "../../../src/generation/create-target-lm.ts";
import { parseTargetLmTable } from "../../../src/generation/target-lm-configuration.ts";
import type { AppError } from "../../../src/shared/errors.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";

const parse = (table: unknown) => parseTargetLmTable(JSON.stringify(table));

function problemOf(text: string): AppError {
  try {
    parseTargetLmTable(text);
  } catch (error) {
    return error as AppError;
  }
  throw new Error("the table was accepted");
}

describe("parseTargetLmTable", () => {
  test("fills in defaults, in camel case", ({ expect }) => {
    const table = parse({
      extractive: { provider: "extractive" },
      gpt: { provider: "openai-compatible", model: "gpt-5", secret: "OPENAI_API_KEY", headers: { "x-my_header": "1" } },
    });
    expect([...table]).toEqual([
      ["extractive", { provider: "extractive", fallbacks: [] }],
      [
        "gpt",
        {
          provider: "openai-compatible",
          model: "gpt-5",
          secret: "OPENAI_API_KEY",
          baseUrl: "https://api.openai.com/v1",
          api: "chat",
          usageInStreams: true,
          fallbacks: [],
          headers: { "x-my_header": "1" },
          allowPrivateHosts: false,
          canStream: true,
          circuitBreaker: { failures: 5, share: 0.5, windowMs: 30_000, openMs: 15_000 },
          timeoutMs: 300_000,
          idleTimeoutMs: 60_000,
        },
      ],
    ]);
  });

  test.for<[name: string, table: unknown, problem: RegExp]>([
    ["an unknown provider", { m: { provider: "cohere" } }, /m\.provider: /u],
    ["an unknown field", { m: { provider: "extractive", baseurl: "x" } }, /m: .*baseurl/u],
    ["a field of another provider", { m: { provider: "extractive", base_url: "https://a.example" } }, /base_url/u],
    ["a missing model", { m: { provider: "anthropic" } }, /m\.model: /u],
    ["no object", [], /TARGET_LMS/u],
    [
      "a fallback that is not there",
      { m: { provider: "extractive", fallbacks: ["x"] } },
      /m\.fallbacks\.0: no model named "x"/u,
    ],
    ["a fallback to itself", { m: { provider: "extractive", fallbacks: ["m"] } }, /its own fallback/u],
    [
      "a metadata address",
      { m: { provider: "openai-compatible", model: "x", base_url: "http://169.254.169.254/v1" } },
      /m\.base_url: .*allow_private_hosts/u,
    ],
    ["a timeout of 0", { m: { provider: "workers-ai", model: "x", timeout_ms: 0 } }, /m\.timeout_ms: /u],
  ])("refuses %s and says where", ([, table, problem], { expect }) => {
    const error = problemOf(JSON.stringify(table));
    expect(error.code).toBe("configuration_invalid");
    expect(error.message).toMatch(problem);
  });

  test("refuses what is not JSON", ({ expect }) => {
    expect(problemOf("{").message).toBe("TARGET_LMS is not JSON; expected an object of model name -> settings");
  });

  test("does not repeat a key that was pasted where a name belongs", ({ expect }) => {
    const table = { m: { provider: "openai-compatible", model: "x", secret: "sk-live-0123456789" } };
    const error = problemOf(JSON.stringify(table));
    expect(error.message).toMatch(/m\.secret: expected the NAME of a secret/u);
    expect(JSON.stringify([error.message, error.details])).not.toContain("0123456789");
  });
});

test("every entry that the README shows is accepted", async ({ expect }) => {
  const entries = [...(await readFile("README.md", "utf8")).matchAll(/`("[\w-]+": \{"provider".*?\})`/gu)].map(
    ([, entry]) => entry,
  );
  expect(entries.length).toBeGreaterThan(3);
  for (const entry of entries) {
    expect(() => parseTargetLmTable(`{${entry ?? ""}}`), entry).not.toThrow();
  }
});

describe("createTargetLmChain", () => {
  const table = parse({
    a: { provider: "openai-compatible", model: "x", fallbacks: ["b", "extractive"] },
    b: { provider: "anthropic", model: "y", fallbacks: ["a"] },
    cloud: { provider: "workers-ai", model: "@cf/z" },
    extractive: { provider: "extractive" },
  });
  const dependencies = {
    breakers: new CircuitBreakers({ now: () => 0 }),
    fetch: () => Promise.reject(new Error("not called")),
    readSecret: () => undefined,
    encoder: () => Promise.resolve(fakeEncoder()),
  };
  const chain = (name: string) => createTargetLmChain(name, table, dependencies);

  test("is the model and its own fallbacks, in order", ({ expect }) => {
    expect(chain("a").map(({ name, provider }) => `${name}: ${provider}`)).toEqual([
      "a: openai-compatible",
      "b: anthropic",
      "extractive: extractive",
    ]);
    expect(chain("cloud")).toHaveLength(1);
  });

  test("refuses a name that is not in the table, naming those that are", ({ expect }) => {
    expect(() => chain("gpt-9")).toThrowError(
      expect.objectContaining({
        code: "unknown_model",
        message: 'no model named "gpt-9"; there are "a", "b", "cloud", "extractive"',
      }),
    );
  });
});

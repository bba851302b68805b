import { describe, it } from "vitest";
import { parseConfiguration } from "../../../src/shared/configuration.ts";
import { LOCAL_VARIABLES } from "../../support/test-app.ts";

describe("parseConfiguration", () => {
  it("reads lists, and origins however they are written", ({ expect }) => {
    const variables = {
      ...LOCAL_VARIABLES,
      CORS_ORIGINS: "https://a.example/, http://localhost:5173",
      API_KEYS: " k1 ,,k2 ",
    };
    expect(parseConfiguration(variables)).toMatchObject({
      mode: "local",
      corsOrigins: ["https://a.example", "http://localhost:5173"],
      apiKeys: ["k1", "k2"],
      adminKey: undefined,
      defaultModel: "extractive",
      defaultCollection: "animals",
    });
  });

  it("takes blank secrets for none", ({ expect }) => {
    const variables = { ...LOCAL_VARIABLES, API_KEYS: "", ADMIN_KEY: " " };
    expect(parseConfiguration(variables)).toMatchObject({ apiKeys: [], adminKey: undefined });
  });

  it.for<[string, Record<string, unknown>]>([
    ["MODE", { MODE: "staging" }],
    ["MODE", { MODE: undefined }],
    ["TARGET_LMS", { TARGET_LMS: "{" }],
    ["TARGET_LMS", { TARGET_LMS: '{"m":{"provider":"nobody"}}' }],
    ["DEFAULT_MODEL", { DEFAULT_MODEL: "gpt-99" }],
    ["DEFAULT_COLLECTION", { DEFAULT_COLLECTION: "" }],
    ["CORS_ORIGINS", { CORS_ORIGINS: "a.example" }],
    ["EMBEDDED_VECTORIZE", { EMBEDDED_VECTORIZE: '{"dimensions":0}' }],
    ["ADMIN_KEY", { MODE: "production" }],
    ["API_KEYS", { MODE: "production", API_KEYS: " , ", ADMIN_KEY: " " }],
    ["RATE_TIERS", { RATE_TIERS: "{" }],
    ["RATE_TIERS: free.requests_per_minute", { RATE_TIERS: '{"free":{"requests_per_minute":0}}' }],
    ["unlimited", { RATE_TIERS: '{"unlimited":{}}' }],
  ])("names %s when it is wrong: %j", ([name, variables], { expect }) => {
    expect(() => parseConfiguration({ ...LOCAL_VARIABLES, ...variables })).toThrowError(
      expect.objectContaining({ code: "configuration_invalid", message: expect.stringContaining(name) }),
    );
  });
});

import { describe, test } from "vitest";
import { createRedactor } from "../../../src/generation/redact.ts";
import { readRetryAfter, upstreamError } from "../../../src/generation/upstream-error.ts";

const NOW = Date.parse("2026-11-01T12:00:00Z");

describe("readRetryAfter", () => {
  test.for<[headers: Record<string, string>, milliseconds: number | undefined]>([
    [{}, undefined],
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Sun, 01 Nov 2026 12:00:30 GMT" }, 30_000],
    [{ "retry-after": "Sun, 01 Nov 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "-5" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after-ms": "x", "retry-after": "9" }, 9_000],
  ])("%j is %s", ([headers, milliseconds], { expect }) => {
    expect(readRetryAfter(new Headers(headers), NOW)).toBe(milliseconds);
  });
});

describe("upstreamError", () => {
  const quote = (body: string): string =>
    upstreamError({ label: "it", status: 400, body, redact: (text) => text }).message;

  test.for<[body: string, message: string]>([
    ['{"error":{"message":"no such model","type":"x"}}', "it answered 400: no such model"],
    ['{"type":"error","error":{"type":"invalid_request_error","message":"too long"}}', "it answered 400: too long"],
    ['{"error":"model not found"}', "it answered 400: model not found"],
    ['{"object":"error","message":"vLLM says no"}', "it answered 400: vLLM says no"],
    ['{"detail":"Not Found"}', "it answered 400: Not Found"],
    ['{"success":false,"errors":[{"code":7003,"message":"Could not route"}]}', "it answered 400: Could not route"],
    ['{"detail":[{"loc":["body"]}]}', 'it answered 400: {"detail":[{"loc":["body"]}]}'],
    ["plain\n  words", "it answered 400: plain words"],
    ["", "it answered 400"],
  ])("reads %j", ([body, message], { expect }) => {
    expect(quote(body)).toBe(message);
  });

  test("quotes no more than a line or two", ({ expect }) => {
    expect(quote("x".repeat(10_000)).length).toBeLessThan(600);
  });
});

describe("createRedactor", () => {
  test.for<[text: string, clean: string]>([
    ["the key hunter2-hunter2 is wrong", "the key [redacted] is wrong"],
    ["Authorization: Bearer abc.def-123", "Authorization: [redacted]"],
    ["sk-proj-AbC123_xyz***9 and sk-ant-api03-zzzzzz", "[redacted] and [redacted]"],
    ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "token [redacted]"],
    ["bearer of bad news", "bearer of bad news"],
    ["a 1 stays", "a 1 stays"],
  ])("%j", ([text, clean], { expect }) => {
    expect(createRedactor(["Bearer hunter2-hunter2", "1"])(text)).toBe(clean);
  });
});

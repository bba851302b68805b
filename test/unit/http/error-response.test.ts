import { describe, it } from "vitest";
import { errorResponse } from "../../../src/http/error-response.ts";
import { AppError, type ErrorCode, USER_ERROR_CODES } from "../../../src/shared/errors.ts";

const reply = (code: ErrorCode, options: ConstructorParameters<typeof AppError>[2] = {}): Response =>
  errorResponse(new AppError(code, "why", options));

describe("errorResponse", () => {
  it("gives every fault of the caller a 4xx", ({ expect }) => {
    const offline: readonly ErrorCode[] = ["invalid_artifact", "training_diverged", "check_failed", "command_failed"];
    const statuses = USER_ERROR_CODES.filter((code) => !offline.includes(code)).map((code) => reply(code).status);
    expect(statuses.filter((status) => status < 400 || status > 499)).toEqual([]);
  });

  it.for([
    [400, 400],
    [413, 413],
    [422, 422],
    [401, 502],
    [403, 502],
    [404, 502],
  ])("a provider's %i becomes %i: the client sees only what the client can mend", ([status, expected], { expect }) => {
    expect(reply("upstream_rejected", { details: { status } }).status).toBe(expected);
  });

  it("tells clients whether and when to come back", ({ expect }) => {
    const { headers } = reply("upstream_rate_limited", { isRetryable: true, details: { retryAfterMs: 1_500 } });
    expect([headers.get("x-should-retry"), headers.get("retry-after"), headers.get("retry-after-ms")]).toEqual([
      "true",
      "2",
      "1500",
    ]);
    expect(reply("fingerprint_mismatch").headers.get("x-should-retry")).toBe("false");
  });

  it("says nothing of cause and details", async ({ expect }) => {
    const response = reply("internal", { cause: new Error("password"), details: { secret: "password" } });
    expect(await response.text()).toBe(
      '{"error":{"message":"why","type":"server_error","param":null,"code":"internal"}}',
    );
  });
});

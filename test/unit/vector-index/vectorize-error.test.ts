import { describe, it } from "vitest";
import { AppError } from "../../../src/shared/errors.ts";
import { appErrorFromVectorize, vectorizeErrorMessage } from "../../../src/vector-index/vectorize-error.ts";
import { VECTORIZE_PROBLEMS, vectorizeProblem } from "../../../src/vector-index/vectorize-problem.ts";

describe("Vectorize's error texts", () => {
  it("take the binding's form", ({ expect }) => {
    expect(
      vectorizeErrorMessage("VECTOR_QUERY", vectorizeProblem("topKTooLarge", "max top K is 100, but got 101")),
    ).toBe("VECTOR_QUERY_ERROR (code = 40025): max top K is 100, but got 101");
  });

  it("have one code each", ({ expect }) => {
    const codes = Object.values(VECTORIZE_PROBLEMS).map(({ vectorizeCode }) => vectorizeCode);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it("throw a defect on", ({ expect }) => {
    const defect = new TypeError("x is not a function");
    expect(() => vectorizeErrorMessage("VECTOR_QUERY", defect)).toThrow(defect);
  });
});

describe("appErrorFromVectorize", () => {
  it.for([
    {
      message:
        'VECTOR_INSERT_ERROR (code = 40012): invalid vector for id="a", expected 768 dimensions, and got 1024 dimensions',
      code: "dims_mismatch",
    },
    {
      message:
        "VECTOR_QUERY_ERROR (code = 40006): invalid query vector, expected 1536 dimensions, and got 768 dimensions",
      code: "dims_mismatch",
    },
    { message: "VECTOR_QUERY_ERROR (code = 40025): max top K is 50, but got 60", code: "vector_limit" },
    {
      message: "VECTOR_UPSERT_ERROR (code = 49010): the embedded index holds at most 100000 vectors",
      code: "index_full",
    },
  ] as const)("reads $message", ({ message, code }, { expect }) => {
    const error = appErrorFromVectorize(new Error(message));
    expect(error).toMatchObject({ code, isRetryable: false, message: message.slice(message.indexOf(": ") + 2) });
  });

  it.for([
    {
      name: "rate limit",
      error: new Error("VECTOR_UPSERT_ERROR (code = 40041): Too Many Requests"),
      isRetryable: true,
    },
    { name: "status without a code", error: new Error("VECTOR_QUERY_ERROR: Status + 500"), isRetryable: true },
    { name: "a network error", error: new Error("Network connection lost."), isRetryable: true },
    { name: "a code nobody knows", error: new Error("VECTOR_QUERY_ERROR (code = 40099): ?"), isRetryable: false },
  ])("makes retrieval_failed of $name", ({ error, isRetryable }, { expect }) => {
    expect(appErrorFromVectorize(error)).toMatchObject({ code: "retrieval_failed", isRetryable, cause: error });
  });

  it("lets an AppError through", ({ expect }) => {
    const error = new AppError("aborted", "gone");
    expect(appErrorFromVectorize(error)).toBe(error);
  });
});

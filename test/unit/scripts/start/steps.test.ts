import { describe, it } from "vitest";
import { createSteps, seconds } from "../../../../scripts/start/steps.ts";

function fakeStream(isTTY: boolean): { isTTY: boolean; written: string; write(text: string): void } {
  return {
    isTTY,
    written: "",
    write(text) {
      this.written += text;
    },
  };
}

/** A clock that moves by 1.5 s at every look. */
function clock(): () => number {
  let time = 0;
  return () => (time += 1500);
}

describe("createSteps", () => {
  it("prints one line a step when there is no terminal", async ({ expect }) => {
    const stream = fakeStream(false);
    const result = await createSteps(stream, clock()).run(
      "Corpus",
      async () => 3,
      (count) => `${count} passages`,
    );
    expect(result).toBe(3);
    expect(stream.written).toMatch(/^ {2}Corpus +3 passages +1\.5 s\n$/u);
  });

  it("shows a running step on a terminal and replaces it", async ({ expect }) => {
    const stream = fakeStream(true);
    await createSteps(stream, clock()).run("Corpus", async () => 3, String);
    expect(stream.written.split("\r\u001B[K")).toEqual([
      expect.stringContaining("…"),
      expect.stringContaining("1.5 s\n"),
    ]);
  });

  it("says which step failed and passes the failure on", async ({ expect }) => {
    const stream = fakeStream(false);
    const failing = createSteps(stream).run("Worker", () => Promise.reject(new Error("no")), String);
    await expect(failing).rejects.toThrow("no");
    expect(stream.written).toMatch(/Worker +failed\n/u);
  });
});

describe("seconds", () => {
  it("rounds to a tenth", ({ expect }) => {
    expect(seconds(12_345)).toBe("12.3 s");
  });
});

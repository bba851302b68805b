import { PassThrough } from "node:stream";
import { describe, it } from "vitest";
import { createProgress } from "../../../training/progress.ts";

/** A clock that a test moves, and a stream that it reads. */
function setUp(isTTY: boolean) {
  let time = 0;
  const stream = Object.assign(new PassThrough(), { isTTY });
  const options = { label: "encode", unit: "passages", total: 100, stream, now: () => time };
  return {
    options,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
    written: () => String(stream.read() ?? ""),
  };
}

describe("createProgress", () => {
  it("writes a line every few seconds where there is no terminal, with rate and time left", ({ expect }) => {
    const { options, wait, written } = setUp(false);
    const progress = createProgress(options);
    wait(1000);
    progress.advance(10);
    expect(written()).toBe("");
    wait(4000);
    progress.advance(10);
    expect(written()).toBe("encode: 20/100 passages (20%), 4.0 passages/s, 20 s left\n");
    wait(20_000);
    progress.advance(80);
    progress.finish();
    expect(written()).toBe("encode: 100/100 passages (100%), 4.0 passages/s, done in 25 s\n");
  });

  it("keeps a note behind the time left", ({ expect }) => {
    const { options, wait, written } = setUp(false);
    const progress = createProgress(options);
    progress.advance(5, "loss 0.5");
    wait(5000);
    progress.advance(5);
    expect(written()).toBe("encode: 10/100 passages (10%), 2.0 passages/s, 45 s left, loss 0.5\n");
    const bar = setUp(true);
    createProgress(bar.options).advance(5, "loss 0.5");
    bar.wait(1);
    expect(bar.written()).toContain("encode");
  });

  it("does not count what was done before towards the rate", ({ expect }) => {
    const { options, wait, written } = setUp(false);
    const progress = createProgress({ ...options, start: 50 });
    wait(5000);
    progress.advance(5);
    expect(written()).toBe("encode: 55/100 passages (55%), 1.0 passages/s, 45 s left\n");
  });

  it("draws a bar on a terminal", ({ expect }) => {
    const { options, wait, written } = setUp(true);
    const progress = createProgress(options);
    wait(10_000);
    progress.advance(100);
    progress.finish();
    expect(written()).toMatch(/encode .*100% \| 100\/100 passages/u);
  });
});

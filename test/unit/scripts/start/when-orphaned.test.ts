import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { it, vi } from "vitest";
import { whenOrphaned } from "../../../../scripts/start/when-orphaned.ts";

const MODULE = path.resolve(import.meta.dirname, "../../../../scripts/start/when-orphaned.ts");

it("waits while the parent lives", async ({ expect, onTestFinished }) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let parent = 7;
  let isOrphaned = false;
  void whenOrphaned({ parent: () => parent, interval: 10 }).then(() => (isOrphaned = true));
  await vi.advanceTimersByTimeAsync(100);
  expect(isOrphaned).toBe(false);
  parent = 1;
  await vi.advanceTimersByTimeAsync(10);
  expect(isOrphaned).toBe(true);
});

it("ends a program whose shell was killed, as npm's is", async ({ expect }) => {
  const program = `
    import { whenOrphaned } from ${JSON.stringify(MODULE)};
    setInterval(() => undefined, 1000);
    whenOrphaned({ interval: 20 }).then(() => { console.log("orphaned"); process.exit(0); });
    console.log("up");`;
  const shell = spawn("sh", ["-c", `"${process.execPath}" --input-type=module -e '${program}'; true`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (text.includes("up")) {
      shell.kill("SIGKILL");
    }
  });
  // The pipe closes when the last who holds it is gone: the program.
  await once(shell.stdout, "close");
  expect(printed).toBe("up\norphaned\n");
});

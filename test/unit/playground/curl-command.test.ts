import { execFileSync } from "node:child_process";
import { describe, it } from "vitest";
import { curlCommand } from "../../../src/assets/playground/curl-command.js";

/** What a shell makes of the command: its words, with `curl` replaced by a program that prints them. */
function wordsOf(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8", env: { AAR_API_KEY: "k" } })
    .split("\0")
    .slice(0, -1);
}

describe("curlCommand", () => {
  it("survives a shell, whatever the question holds", ({ expect }) => {
    const body = { messages: [{ role: "user", content: `it's $HOME "quoted" \`x\` \\ \n new line` }] };
    const words = wordsOf(curlCommand({ origin: "http://localhost:8787", body, needsKey: false }));
    expect(words.slice(0, 2)).toEqual(["-N", "http://localhost:8787/v1/chat/completions"]);
    expect(JSON.parse(words.at(-1) ?? "")).toEqual(body);
    expect(words.join(" ")).not.toContain("authorization");
  });

  it("reads a key from the environment instead of showing it", ({ expect }) => {
    const words = wordsOf(curlCommand({ origin: "https://example.com", body: {}, needsKey: true }));
    expect(words).toContain("authorization: Bearer k");
  });
});

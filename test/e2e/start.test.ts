import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findFreePort } from "../../scripts/local-worker/free-port.ts";

interface RunningStart {
  /** Everything printed so far, both streams. */
  readonly printed: () => string;
  /** Resolves when the text is printed, rejects when the program ends before. */
  waitFor(text: string): Promise<void>;
  /** Exit code after Ctrl-C, or after the program ended by itself. */
  interrupt(): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

function runStart(args: readonly string[]): RunningStart {
  const child = spawn(process.execPath, [path.resolve("scripts/start.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      listeners.forEach((listen) => listen());
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    printed: () => printed,
    ended,
    waitFor: (text) =>
      new Promise((resolve, reject) => {
        listeners.add(() => printed.includes(text) && resolve());
        void ended.then(() => reject(new Error(`ended before it printed "${text}":\n${printed}`)));
      }),
    interrupt() {
      child.kill("SIGINT");
      return ended;
    },
  };
}

/** What the printed command asks for, read the way a shell and curl do. */
function parseCurl(printed: string): { url: string; body: string; header: string | undefined } {
  const line = /^curl -N (?<url>\S+)(?: -H "(?<header>[^"]*)")? -d '(?<body>[^']*)'$/mu;
  const { url, body, header } = line.exec(printed)?.groups ?? {};
  if (url === undefined || body === undefined) {
    throw new Error(`no curl line in:\n${printed}`);
  }
  return { url, body, header };
}

describe("npm start", () => {
  /** Of the first start and the second: what one stores, the next one finds. */
  let state: string;
  /** One for both: an upload's receipt holds for one address. */
  let port: number;
  beforeAll(async () => {
    port = await findFreePort(18_787);
    state = await mkdtemp(path.join(tmpdir(), "aar-start-"));
  });
  afterAll(() => rm(state, { recursive: true, force: true }));

  it("brings the demo up with keys, uses them, shows none, and ends at Ctrl-C", async ({ expect, onTestFinished }) => {
    const secrets = path.join(state, "secrets");
    await writeFile(secrets, "ADMIN_KEY=root-key\nAPI_KEYS=client-key, other-key\n");
    const start = runStart([`--port=${port}`, `--state=${state}`, `--secrets=${secrets}`]);
    onTestFinished(async () => void (await start.interrupt()));
    await start.waitFor("Ctrl-C stops it.");
    expect(start.printed()).toMatch(/Upload +8,330 passages with their vectors {2}/u);
    expect(start.printed()).not.toMatch(/root-key|client-key/u);
    expect(start.printed()).toContain(`with AAR_API_KEY set to a key of API_KEYS in ${secrets}`);

    const { url, body, header = "" } = parseCurl(start.printed());
    expect(header).toBe("authorization: Bearer $AAR_API_KEY");
    expect((await fetch(url, { method: "POST", body })).status).toBe(401);
    const [name = "", value = ""] = header.replace("$AAR_API_KEY", "client-key").split(": ");
    const stream = await (await fetch(url, { method: "POST", headers: { [name]: value }, body })).text();
    expect(stream.trimEnd()).toMatch(/data: \[DONE\]$/u);

    expect(await start.interrupt()).toBe(0);
    await expect(fetch(`http://localhost:${port}/health`)).rejects.toThrow();
  });

  it("finds the demo again, open without keys, and prints a command that streams a cited answer", async ({
    expect,
    onTestFinished,
  }) => {
    // None, rather than those of a developer's `.dev.vars`.
    const secrets = path.join(state, "no-secrets");
    await writeFile(secrets, "");
    const start = runStart([`--port=${port}`, `--state=${state}`, `--secrets=${secrets}`]);
    onTestFinished(async () => void (await start.interrupt()));
    await start.waitFor("Ctrl-C stops it.");
    expect(start.printed()).toMatch(/Ready in \d+\.\d s\./u);
    expect(start.printed()).toContain(`Playground   http://localhost:${port}`);
    expect(start.printed()).toContain("8,330 passages with their vectors, still there");

    const { url, body } = parseCurl(start.printed());
    const stream = await (await fetch(url, { method: "POST", body })).text();
    expect(stream).toContain("Canada has the longest coastline in the world: 202,080 km. [");
    expect(stream).toContain('"url_citation"');
    expect(stream.trimEnd()).toMatch(/data: \[DONE\]$/u);
  });

  it("says what to do when the port is in use", async ({ expect, onTestFinished }) => {
    const port = await findFreePort(19_787);
    const server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    const start = runStart([`--port=${port}`]);
    expect(await start.ended).toBe(1);
    expect(start.printed()).toContain(`port ${port} is in use`);
    expect(start.printed()).toContain(`npm start -- --port ${port + 1}`);
  });

  it("explains its options, and refuses ones that it does not have", async ({ expect }) => {
    const help = runStart(["--help"]);
    expect(await help.ended).toBe(0);
    expect(help.printed()).toContain("--port <number>");
    const unknown = runStart(["--prot=1"]);
    expect(await unknown.ended).toBe(1);
    expect(unknown.printed()).toContain("--prot");
  });
});

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const FOLDER = path.resolve(import.meta.dirname, "../../../.aar/bench-peers");

/** Installs a package that a benchmark compares with, outside this project's dependencies, and loads it. */
export function loadBenchPeer(name: string, version: string): unknown {
  if (!existsSync(path.join(FOLDER, "node_modules", name))) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path.join(FOLDER, "package.json"), '{"private":true}\n');
    process.stderr.write(`installing ${name}@${version} into ${FOLDER}\n`);
    execFileSync("npm", ["install", "--no-audit", "--no-fund", `${name}@${version}`], {
      cwd: FOLDER,
      stdio: ["ignore", 2, 2],
    });
  }
  const load: unknown = createRequire(path.join(FOLDER, "package.json"))(name);
  return load;
}

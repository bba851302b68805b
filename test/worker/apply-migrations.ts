import { applyD1Migrations, env } from "cloudflare:test";
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Set in vitest.config.ts, where the file system is at hand. */
    d1Migrations: Parameters<typeof applyD1Migrations>[1];
  }
}

await applyD1Migrations(env.DB, inject("d1Migrations"));

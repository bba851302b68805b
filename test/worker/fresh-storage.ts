import { applyD1Migrations, env, reset } from "cloudflare:test";
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Set in vitest.config.ts, where the file system is at hand. */
    d1Migrations: Parameters<typeof applyD1Migrations>[1];
  }
}

// What the file before left: the files share one workerd.
await reset();
await applyD1Migrations(env.DB, inject("d1Migrations"));

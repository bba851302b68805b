import { env } from "cloudflare:test";
import { createD1Database } from "../../../src/platform/d1-database.ts";
import { describePassageStore } from "../../support/passage-store-contract.ts";

describePassageStore("D1", () => Promise.resolve(createD1Database(env.DB)));

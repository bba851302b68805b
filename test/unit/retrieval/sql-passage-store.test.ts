import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { describePassageStore } from "../../support/passage-store-contract.ts";

const database = await openNodeSqliteDatabase(":memory:");
describePassageStore("node:sqlite", () => Promise.resolve(database));

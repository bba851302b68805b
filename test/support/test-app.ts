import { type AppOverFakes, type AppOverFakesOptions, createAppOverFakes } from "./app-over-fakes.ts";
import { type MemoryLedgers, memoryLedgers } from "./memory-ledgers.ts";

export { LOCAL_VARIABLES } from "./app-over-fakes.ts";

export interface TestApp extends AppOverFakes {
  /** What has been counted so far, of all callers. */
  readonly usageRecords: MemoryLedgers["records"];
}

/** The app over fakes, with the collection `animals`, and ledgers in memory. */
export function createTestApp(options: Omit<AppOverFakesOptions, "ledgerOf"> = {}): TestApp {
  const { ledgerOf, records } = memoryLedgers();
  return { ...createAppOverFakes({ ...options, ledgerOf }), usageRecords: records };
}

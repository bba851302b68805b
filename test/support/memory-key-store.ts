import type { KeyRecord, KeySettings, KeyStore } from "../../src/tenancy/key-store.ts";

/** `KeyStore` in memory. */
export function memoryKeyStore(): KeyStore {
  const records = new Map<string, KeyRecord>();
  const change = (id: string, changes: Partial<KeyRecord> | KeySettings): Promise<KeyRecord | undefined> => {
    const record = records.get(id);
    if (record !== undefined && record.revokedAt === undefined) {
      records.set(id, { ...record, ...changes, generation: record.generation + 1 });
    }
    return Promise.resolve(records.get(id));
  };
  return {
    insert: (record) => {
      records.set(record.id, record);
      return Promise.resolve();
    },
    get: (id) => Promise.resolve(records.get(id)),
    list: (tenant) =>
      Promise.resolve([...records.values()].filter((record) => tenant === undefined || record.tenant === tenant)),
    update: change,
    rotate: (id, { hash, at, previousUntil }) =>
      change(id, {
        hash,
        rotatedAt: at,
        previous: { hash: records.get(id)?.hash ?? "", until: previousUntil },
      }),
    revoke: (id, at) => change(id, { revokedAt: at }),
  };
}

import { DurableObject } from "cloudflare:workers";
import { type AddressGuard, BadKeyLimit } from "../usage/bad-key-limit.ts";
import { createDurableSql } from "./durable-sql.ts";

/** As many objects as share the addresses: an attacker with many addresses must not be able to make objects. */
const SHARDS = 64;

/** A Durable Object that counts wrong keys, for its share of the addresses. */
export class AddressGuardObject extends DurableObject<object> {
  readonly #limit: BadKeyLimit;

  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    this.#limit = new BadKeyLimit({ sql: createDurableSql(context.storage), now: () => Date.now() });
  }

  waitOf(address: string): number {
    return this.#limit.waitOf(address);
  }

  recordBadKey(address: string): number {
    return this.#limit.recordBadKey(address);
  }
}

/** All of the addresses, each with the object that counts for it. */
export function createAddressGuard(namespace: DurableObjectNamespace<AddressGuardObject>): AddressGuard {
  const objectOf = (address: string): DurableObjectStub<AddressGuardObject> =>
    namespace.getByName(String(shardOf(address)));
  return {
    waitOf: async (address) => await objectOf(address).waitOf(address),
    recordBadKey: async (address) => await objectOf(address).recordBadKey(address),
  };
}

/** FNV-1a of the text. */
function shardOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % SHARDS;
}

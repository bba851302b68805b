/**
 * @typedef {{ name: string, encoder_name: string, encoder_fingerprint: string, dims: number, passage_count: number }} Collection
 * @typedef {{ id: string, prefix: string, tenant: string, name: string, scopes: string[], collections: string[], tier: string,
 *   budget: { tokens: number | null, usd: number | null }, status: string, created_at: number, key?: string }} Key
 * @typedef {Record<string, string | number>} UsageRow
 * @typedef {{ passages: number, vector_index: { vectors: number }, database: { bytes: number | null },
 *   encoder: { name: string, fingerprint: string }, mode: string }} Inventory
 */

/** Kept in this tab only: a key must not outlive it. */
const KEY_ENTRY = "aar-admin-key";

/** What the server, or the way to it, said went wrong. */
export class RequestError extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
}

export function storedKey() {
  return sessionStorage.getItem(KEY_ENTRY) ?? "";
}

/** @param {string} key */
export function storeKey(key) {
  if (key === "") {
    sessionStorage.removeItem(KEY_ENTRY);
  } else {
    sessionStorage.setItem(KEY_ENTRY, key);
  }
}

/** @returns {Promise<Inventory>} */
export async function fetchInventory() {
  return await json("GET", "/v1/admin/inventory");
}

/** @returns {Promise<Collection[]>} */
export async function fetchCollections() {
  return (await json("GET", "/v1/admin/collections")).data;
}

/** @returns {Promise<Key[]>} */
export async function fetchKeys() {
  return (await json("GET", "/v1/admin/keys")).data;
}

/**
 * @param {Record<string, string>} query
 * @returns {Promise<UsageRow[]>}
 */
export async function fetchUsage(query) {
  return (await json("GET", `/v1/usage?${new URLSearchParams(query)}`)).data;
}

/**
 * @param {Record<string, string>} query
 * @returns {Promise<Blob>}
 */
export async function fetchUsageCsv(query) {
  return await (await send("GET", `/v1/usage?${new URLSearchParams({ ...query, format: "csv" })}`)).blob();
}

/**
 * @param {object} settings
 * @returns {Promise<Key>}
 */
export async function createKey(settings) {
  return await json("POST", "/v1/admin/keys", settings);
}

/**
 * @param {string} id
 * @returns {Promise<Key>}
 */
export async function rotateKey(id) {
  return await json("POST", `/v1/admin/keys/${encodeURIComponent(id)}/rotate`, {});
}

/**
 * @param {string} id
 * @returns {Promise<Key>}
 */
export async function revokeKey(id) {
  return await json("DELETE", `/v1/admin/keys/${encodeURIComponent(id)}`);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}  JSON from our own server
 */
async function json(method, path, body) {
  return await (await send(method, path, body)).json();
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Response>}
 */
async function send(method, path, body) {
  const key = storedKey();
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: key === "" ? {} : { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new RequestError("The server cannot be reached. Is it still running?", 0);
  }
  if (!response.ok) {
    const said = await response.json().catch(() => undefined);
    throw new RequestError(said?.error?.message ?? `The server answered ${response.status}.`, response.status);
  }
  return response;
}

import * as fc from "fast-check";

/** The collections of two tenants, and what the one looks for in the other's. */
export const MINE = "acme.docs";
export const FOREIGN = "other.docs";
export const QUERY = "the zanzibar plan of the coast";

/** What may lead around a check of names. */
export const hostileName = fc.constantFrom(
  FOREIGN,
  "other.*",
  "*",
  "acme.*",
  "acme.docs,other.docs",
  "acme.docs/../other.docs",
  "acme.docs%2F..%2Fother.docs",
  "acme.docs/documents/../../other.docs",
  "OTHER.DOCS",
  " other.docs",
  "other.docs\u0000",
  "acme.docs\nother.docs",
  "acme.docs' OR 1=1 --",
  "__proto__",
  MINE,
);

/** Of documents. */
export const hostileId = fc.constantFrom(
  "zanzibar-1",
  "other.docs/zanzibar-1",
  "../../other.docs/documents/zanzibar-1",
  "%2e%2e",
  "coast",
);

/** What may lead around a condition. */
export const hostileFilter = fc.oneof(
  fc.constantFrom<unknown>(
    { country: "Zanzibar" },
    { country: { $ne: "Norway" } },
    { country: { $in: ["Zanzibar", "Norway"] } },
    { country: { $nin: ["Norway"] } },
    { country: { $gte: "" } },
    { namespace: FOREIGN },
    { collection: FOREIGN },
    { collection_id: { $gte: 0 } },
    { $or: [{ country: "Zanzibar" }] },
    { "country') OR 1=1 --": "x" },
    {},
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

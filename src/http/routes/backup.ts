import type { OpenAPIHono } from "@hono/zod-openapi";
import type { StoredPassage } from "../../backup/backup-store.ts";
import { readVectors } from "../../backup/read-vectors.ts";
import { restoreDocument } from "../../backup/restore-document.ts";
import type { DocumentVersion } from "../../ingestion/documents/document.ts";
import type { Collection } from "../../retrieval/types.ts";
import { toBase64 } from "../../shared/base64.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { collectionBody } from "../collection-body.ts";
import { documentBody } from "../document-body.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson, UPLOAD_BODY_LIMIT_BYTES } from "../read-json.ts";
import { readParams, readQuery } from "../read-query.ts";
import {
  passagePageQuerySchema,
  passagePageSchema,
  restoredSchema,
  restoreRequestSchema,
  versionPageQuerySchema,
  versionPageSchema,
} from "../schemas/backup.ts";
import { collectionParamsSchema } from "../schemas/collections.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const passages = { path: "/v1/admin/collections/{name}/passages", params: collectionParamsSchema } as const;
const versions = { path: "/v1/admin/collections/{name}/versions", params: collectionParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "get",
    ...passages,
    summary: "Passages with their vectors, page by page",
    description: "What `npm run aar -- export` reads.",
    query: passagePageQuerySchema,
    response: passagePageSchema,
  }),
  jsonRoute({
    method: "get",
    ...versions,
    summary: "Ingested documents as they are found now, page by page",
    query: versionPageQuerySchema,
    response: versionPageSchema,
  }),
  jsonRoute({
    method: "post",
    ...versions,
    summary: "Restore an ingested document with the vectors of its passages",
    description:
      "What `npm run aar -- import` sends. A long document comes in several requests, and is found when the last has come.",
    request: restoreRequestSchema,
    response: restoredSchema,
  }),
];

/** `/v1/admin/collections/{name}/passages` and `…/versions`: a collection out of and into a backup. */
export function registerBackup(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { backups, vectorIndex } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  const collectionOf = (c: HttpContext): Promise<Collection> =>
    findCollection(c.get("access").store, { name: readParams(c, collectionParamsSchema).name, param: "name" });

  app.get("/v1/admin/collections/:name/passages", async (c) => {
    const { limit, after } = readQuery(c, passagePageQuerySchema);
    const collection = await collectionOf(c);
    const found = await backups.passages(collection.name, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const vectors = await readVectors(
      vectorIndex,
      page.map(({ vectorId }) => vectorId),
    );
    return c.json({
      object: "list",
      collection: collectionBody(collection),
      data: page.map((passage) => passageBody(passage, vectors.get(passage.vectorId))),
      last_id: page.at(-1)?.id ?? null,
      has_more: found.length > limit,
    });
  });
  app.get("/v1/admin/collections/:name/versions", async (c) => {
    const { limit, after } = readQuery(c, versionPageQuerySchema);
    const found = await backups.liveVersions((await collectionOf(c)).name, { after, limit: limit + 1 });
    return c.json({ object: "list", data: found.slice(0, limit).map(versionBody), has_more: found.length > limit });
  });
  app.post("/v1/admin/collections/:name/versions", (c) => restore(c));
}

async function restore(c: HttpContext): Promise<Response> {
  const { store, documents } = c.get("access");
  const { name } = readParams(c, collectionParamsSchema);
  const body = await readJson(c.req.raw, { schema: restoreRequestSchema, limitBytes: UPLOAD_BODY_LIMIT_BYTES });
  const { document_id: id, max_tokens: maxTokens, overlap_tokens: overlapTokens, ...facts } = body.document;
  const { version, record } = await restoreDocument(documents, await findCollection(store, { name, param: "name" }), {
    encoderFingerprint: body.encoder_fingerprint,
    facts: { ...facts, id, maxTokens, overlapTokens },
    passageCount: body.passage_count,
    version: body.version,
    firstOrdinal: body.first_ordinal,
    passages: body.passages,
  });
  return c.json({ object: "document.restored", version, document: documentBody(record) });
}

function passageBody(passage: StoredPassage, values: Float32Array | undefined): JsonObject {
  const { id, position, version, documentId, title, text, url, metadata } = passage;
  return {
    id,
    position,
    version: version ?? null,
    document_id: documentId,
    title,
    text,
    url,
    metadata,
    values: values === undefined ? null : toBase64(values),
  };
}

function versionBody(version: DocumentVersion): JsonObject {
  const { id, format, title, url, metadata, maxTokens, overlapTokens, bytes, digest } = version;
  return {
    version: version.version,
    document_id: id,
    format,
    title,
    url,
    metadata,
    max_tokens: maxTokens,
    overlap_tokens: overlapTokens,
    bytes,
    digest,
    passage_count: version.passageCount,
    created_at: version.createdAt,
  };
}

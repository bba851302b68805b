import type { OpenAPIHono } from "@hono/zod-openapi";
import { attachFiles } from "../../ingestion/attach-files.ts";
import { statusOf } from "../../ingestion/documents/document-rows.ts";
import { CANCELLED } from "../../ingestion/documents/document.ts";
import type { FileBatch } from "../../ingestion/documents/file-batch-store.ts";
import { AppError } from "../../shared/errors.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { attachedFiles } from "../attached-files.ts";
import { pageBody } from "../document-body.ts";
import { findVectorStore } from "../find-vector-store.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { readParams, readQuery } from "../read-query.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  fileBatchParamsSchema,
  fileBatchRequestSchema,
  fileBatchSchema,
  listVectorStoreFilesQuerySchema,
  vectorStoreFileListSchema,
  vectorStoreParamsSchema,
} from "../schemas/vector-stores.ts";
import { fileBatchBody, vectorStoreFileBody } from "../vector-store-body.ts";

const all = "/v1/vector_stores/{vector_store_id}/file_batches";
const one = { path: `${all}/{batch_id}`, params: fileBatchParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "post",
    path: all,
    params: vectorStoreParamsSchema,
    summary: "Attach many files to a vector store (OpenAI)",
    request: fileBatchRequestSchema,
    response: fileBatchSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One batch of files (OpenAI)", response: fileBatchSchema }),
  jsonRoute({
    method: "post",
    path: `${all}/{batch_id}/cancel`,
    params: fileBatchParamsSchema,
    summary: "Stop what of a batch is not done yet (OpenAI)",
    response: fileBatchSchema,
  }),
  jsonRoute({
    method: "get",
    path: `${all}/{batch_id}/files`,
    params: fileBatchParamsSchema,
    summary: "List the files of a batch (OpenAI)",
    query: listVectorStoreFilesQuerySchema,
    response: vectorStoreFileListSchema,
  }),
];

/** OpenAI's file batches. */
export function registerFileBatches(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { fileBatches, resumeIngestion } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  app.post("/v1/vector_stores/:vector_store_id/file_batches", async (c) => {
    const body = await readJson(c.req.raw, { schema: fileBatchRequestSchema });
    const { documents } = c.get("access");
    const collection = await findVectorStore(c);
    const shared = { attributes: body.attributes, chunking_strategy: body.chunking_strategy };
    const requested = [...(body.file_ids ?? []).map((id) => ({ file_id: id, ...shared })), ...(body.files ?? [])];
    const records = await attachFiles(documents, collection, await attachedFiles(c, dependencies, requested));
    const batch: FileBatch = {
      id: `vsfb_${crypto.randomUUID().replaceAll("-", "")}`,
      collection: collection.name,
      createdAt: documents.unixNow(),
      versions: records.flatMap(({ latest }) => latest?.version ?? []),
    };
    await fileBatches.put(batch);
    return c.json(fileBatchBody(batch, await fileBatches.versionsOf(batch)));
  });
  app.get("/v1/vector_stores/:vector_store_id/file_batches/:batch_id", async (c) => {
    const batch = await findBatch(c, dependencies);
    const versions = await fileBatches.versionsOf(batch);
    resumeIngestion(versions.map((version) => ({ status: statusOf(version) })));
    return c.json(fileBatchBody(batch, versions));
  });
  app.post("/v1/vector_stores/:vector_store_id/file_batches/:batch_id/cancel", async (c) => {
    const batch = await findBatch(c, dependencies);
    const { documents } = c.get("access");
    for (const { version } of await fileBatches.versionsOf(batch)) {
      await documents.versions.fail(version, { code: CANCELLED, message: "the batch was cancelled" });
    }
    const versions = await fileBatches.versionsOf(batch);
    const cancelled = versions.filter((version) => statusOf(version) === "cancelled");
    await documents.queue.send(cancelled.map(({ version }) => ({ type: "sweep", version })));
    return c.json(fileBatchBody(batch, versions));
  });
  app.get("/v1/vector_stores/:vector_store_id/file_batches/:batch_id/files", async (c) => {
    const { limit, after, order, filter } = readQuery(c, listVectorStoreFilesQuerySchema);
    const versions = await fileBatches.versionsOf(await findBatch(c, dependencies));
    const wanted = versions.filter((version) => filter === undefined || statusOf(version) === filter);
    const ordered = order === "desc" ? wanted.toReversed() : wanted;
    const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
    const page = ordered.slice(start, start + limit + 1);
    return c.json(pageBody(page, { limit, toBody: vectorStoreFileBody, idOf: ({ id }) => id }));
  });
}

async function findBatch(c: HttpContext, dependencies: RouteDependencies): Promise<FileBatch> {
  const { batch_id: id } = readParams(c, fileBatchParamsSchema);
  const { name } = await findVectorStore(c);
  const batch = await dependencies.fileBatches.get(name, id);
  if (batch === undefined) {
    throw new AppError("unknown_file", `there is no file batch "${id}" in this vector store`, {
      details: { param: "batch_id" },
    });
  }
  return batch;
}

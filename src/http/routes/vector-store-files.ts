import type { OpenAPIHono } from "@hono/zod-openapi";
import { attachFiles } from "../../ingestion/attach-files.ts";
import { deleteDocuments } from "../../ingestion/delete-documents.ts";
import type { DocumentRecord, DocumentVersion } from "../../ingestion/documents/document.ts";
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
  attachFileSchema,
  deletedSchema,
  listVectorStoreFilesQuerySchema,
  vectorStoreFileListSchema,
  vectorStoreFileParamsSchema,
  vectorStoreFileSchema,
  vectorStoreParamsSchema,
} from "../schemas/vector-stores.ts";
import { vectorStoreFileBody } from "../vector-store-body.ts";

const all = { path: "/v1/vector_stores/{vector_store_id}/files", params: vectorStoreParamsSchema } as const;
const one = {
  path: "/v1/vector_stores/{vector_store_id}/files/{file_id}",
  params: vectorStoreFileParamsSchema,
} as const;

const routes = [
  jsonRoute({
    method: "post",
    ...all,
    summary: "Attach a file to a vector store (OpenAI)",
    request: attachFileSchema,
    response: vectorStoreFileSchema,
  }),
  jsonRoute({
    method: "get",
    ...all,
    summary: "List a vector store's files (OpenAI)",
    query: listVectorStoreFilesQuerySchema,
    response: vectorStoreFileListSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One file of a vector store (OpenAI)", response: vectorStoreFileSchema }),
  jsonRoute({
    method: "delete",
    ...one,
    summary: "Take a file out of a vector store (OpenAI)",
    response: deletedSchema,
  }),
];

/** OpenAI's files of a vector store: documents under another name. */
export function registerVectorStoreFiles(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { resumeIngestion } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  app.post("/v1/vector_stores/:vector_store_id/files", async (c) => {
    const body = await readJson(c.req.raw, { schema: attachFileSchema });
    const collection = await findVectorStore(c);
    const [record] = await attachFiles(
      c.get("access").documents,
      collection,
      await attachedFiles(c, dependencies, [body]),
    );
    return c.json(vectorStoreFileBody(versionOf(record)));
  });
  app.get("/v1/vector_stores/:vector_store_id/files", async (c) => {
    const { limit, after, order, filter: status } = readQuery(c, listVectorStoreFilesQuerySchema);
    const { name } = await findVectorStore(c);
    const options = { limit: limit + 1, after, descending: order === "desc", status, versioned: true };
    const records = await c.get("access").documents.catalog.list(name, options);
    resumeIngestion(records);
    return c.json(
      pageBody(records, { limit, toBody: (record) => vectorStoreFileBody(versionOf(record)), idOf: ({ id }) => id }),
    );
  });
  app.get("/v1/vector_stores/:vector_store_id/files/:file_id", async (c) => {
    const record = await findAttached(c);
    resumeIngestion([record]);
    return c.json(vectorStoreFileBody(versionOf(record)));
  });
  app.delete("/v1/vector_stores/:vector_store_id/files/:file_id", async (c) => {
    const { id, collection } = await findAttached(c);
    await deleteDocuments(c.get("access").documents, collection, [{ id }]);
    return c.json({ id, object: "vector_store.file.deleted", deleted: true });
  });
}

async function findAttached(c: HttpContext): Promise<DocumentRecord> {
  const { file_id: id } = readParams(c, vectorStoreFileParamsSchema);
  const { name } = await findVectorStore(c);
  const [record] = await c.get("access").documents.catalog.get(name, [id]);
  versionOf(record);
  return record ?? unknownFile();
}

function versionOf(record: DocumentRecord | undefined): DocumentVersion {
  return record?.latest ?? unknownFile();
}

function unknownFile(): never {
  throw new AppError("unknown_file", "there is no such file in this vector store", { details: { param: "file_id" } });
}

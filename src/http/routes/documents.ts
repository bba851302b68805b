import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { acceptDocuments, type DocumentInput } from "../../ingestion/accept-documents.ts";
import { deleteDocuments, deleteMatching } from "../../ingestion/delete-documents.ts";
import type { DocumentRecord } from "../../ingestion/documents/document.ts";
import { documentFormatOf } from "../../ingestion/reading/document-formats.ts";
import type { Collection } from "../../retrieval/types.ts";
import { AppError } from "../../shared/errors.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { documentBody, documentInput, pageBody } from "../document-body.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson, readText, UPLOAD_BODY_LIMIT_BYTES } from "../read-json.ts";
import { readParams, readQuery } from "../read-query.ts";
import { collectionParamsSchema } from "../schemas/collections.ts";
import {
  documentDeletedSchema,
  documentListSchema,
  documentParamsSchema,
  documentResponseSchema,
  documentsDeletedSchema,
  documentsRequestSchema,
  filterQuerySchema,
  listDocumentsQuerySchema,
  putDocumentQuerySchema,
} from "../schemas/documents.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const all = { path: "/v1/collections/{name}/documents", params: collectionParamsSchema } as const;
const one = { path: "/v1/collections/{name}/documents/{id}", params: documentParamsSchema } as const;
/** Not without one: what deletes a whole collection says so in its path. */
const deleteQuerySchema = z.object({
  filter: filterQuerySchema.refine((filter) => filter !== undefined, "must name a property"),
});

const routes = [
  jsonRoute({
    method: "post",
    ...all,
    summary: "Ingest documents",
    description: "200: searchable now. 202: in progress; ask again for its `status`. The same id replaces as a whole.",
    request: documentsRequestSchema,
    isAccepted: true,
    response: z.union([documentResponseSchema, documentListSchema]),
  }),
  jsonRoute({
    method: "get",
    ...all,
    summary: "List documents",
    query: listDocumentsQuerySchema,
    response: documentListSchema,
  }),
  jsonRoute({
    method: "delete",
    ...all,
    summary: "Delete the documents whose metadata passes a filter",
    query: deleteQuerySchema,
    response: documentsDeletedSchema,
  }),
  jsonRoute({
    method: "put",
    ...one,
    summary: "Ingest one document as it is",
    description: "The body is the document; its `content-type` says the format.",
    query: putDocumentQuerySchema,
    isAccepted: true,
    response: documentResponseSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One document and its status", response: documentResponseSchema }),
  jsonRoute({ method: "delete", ...one, summary: "Delete a document", response: documentDeletedSchema }),
];

/** `/v1/collections/{name}/documents`: what is searched, sent as text. */
export function registerDocuments(app: OpenAPIHono<HttpEnvironment>, { resumeIngestion }: RouteDependencies): void {
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  const collectionOf = (c: HttpContext): Promise<Collection> =>
    findCollection(c.get("access").store, { name: readParams(c, collectionParamsSchema).name, param: "name" });
  const documentOf = async (c: HttpContext): Promise<DocumentRecord> => {
    const { id } = readParams(c, documentParamsSchema);
    const [record] = await c.get("access").documents.catalog.get((await collectionOf(c)).name, [id]);
    if (record === undefined) {
      throw new AppError("unknown_document", `there is no document "${id}" in this collection`, {
        details: { param: "id" },
      });
    }
    return record;
  };

  app.post("/v1/collections/:name/documents", async (c) => {
    const body = await readJson(c.req.raw, { schema: documentsRequestSchema, limitBytes: UPLOAD_BODY_LIMIT_BYTES });
    const inputs = ("documents" in body ? body.documents : [body]).map(documentInput);
    assertDistinct(inputs);
    const records = await acceptDocuments(c.get("access").documents, await collectionOf(c), inputs);
    const [first] = records;
    return first !== undefined && !("documents" in body)
      ? c.json(documentBody(first), isDone(records) ? 200 : 202)
      : c.json(pageOf(records, records.length), isDone(records) ? 200 : 202);
  });
  app.put("/v1/collections/:name/documents/:id", async (c) => {
    const input = await documentAsItIs(c);
    const [record] = await acceptDocuments(c.get("access").documents, await collectionOf(c), [input]);
    if (record === undefined) {
      throw new AppError("unknown_document", `document "${input.id}" was deleted while it was sent`);
    }
    return c.json(documentBody(record), isDone([record]) ? 200 : 202);
  });
  app.get("/v1/collections/:name/documents", async (c) => {
    const { limit, after, order, status, filter } = readQuery(c, listDocumentsQuerySchema);
    const descending = order === "desc";
    const options = { limit: limit + 1, after, descending, status, filter };
    const records = await c.get("access").documents.catalog.list((await collectionOf(c)).name, options);
    resumeIngestion(records);
    return c.json(pageOf(records, limit));
  });
  app.get("/v1/collections/:name/documents/:id", async (c) => {
    const record = await documentOf(c);
    resumeIngestion([record]);
    return c.json(documentBody(record));
  });
  app.delete("/v1/collections/:name/documents", async (c) => {
    const { filter } = readQuery(c, deleteQuerySchema);
    const { name: collection } = await collectionOf(c);
    await deleteMatching(c.get("access").documents, {
      collection,
      filter,
      upToVersion: await c.get("access").documents.catalog.newestVersion(),
    });
    return c.json({ object: "documents.deleted", deleted: true });
  });
  app.delete("/v1/collections/:name/documents/:id", async (c) => {
    const { id, collection } = await documentOf(c);
    await deleteDocuments(c.get("access").documents, collection, [{ id }]);
    return c.json({ object: "document.deleted", id, deleted: true });
  });
}

async function documentAsItIs(c: HttpContext): Promise<DocumentInput> {
  const { id } = readParams(c, documentParamsSchema);
  const query = readQuery(c, putDocumentQuerySchema);
  const mediaType = c.req.header("content-type") ?? "";
  return {
    id,
    title: query.title,
    url: query.url,
    metadata: query.metadata ?? {},
    format: documentFormatOf({ mediaType, name: id }),
    content: await readText(c.req.raw, UPLOAD_BODY_LIMIT_BYTES),
    split: { maxTokens: query.max_tokens, overlapTokens: query.overlap_tokens },
  };
}

/** Which of two would win would be chance. */
function assertDistinct(inputs: readonly DocumentInput[]): void {
  const ids = new Set<string>();
  for (const [index, { id }] of inputs.entries()) {
    if (ids.has(id)) {
      const param = `documents.${index}.id`;
      throw new AppError("invalid_request", `${param}: "${id}" is there twice`, { details: { param } });
    }
    ids.add(id);
  }
}

function isDone(records: readonly DocumentRecord[]): boolean {
  return records.every(({ status }) => status !== "in_progress");
}

function pageOf(records: readonly DocumentRecord[], limit: number): ReturnType<typeof pageBody> {
  return pageBody(records, { limit, toBody: documentBody, idOf: ({ id }) => id });
}

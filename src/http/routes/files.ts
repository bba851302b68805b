import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { fileKey, type StoredFile } from "../../ingestion/documents/file-store.ts";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { pageBody } from "../document-body.ts";
import { fileOwner, findFile } from "../file-owner.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { readParams, readQuery } from "../read-query.ts";
import { readUpload } from "../read-upload.ts";
import {
  fileDeletedSchema,
  fileListSchema,
  fileParamsSchema,
  filePurposeSchema,
  fileSchema,
  listFilesQuerySchema,
} from "../schemas/files.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const one = { path: "/v1/files/{file_id}", params: fileParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "post",
    path: "/v1/files",
    summary: "Upload a file (OpenAI)",
    request: z.object({ file: z.string().openapi({ format: "binary" }), purpose: filePurposeSchema }),
    requestMediaType: "multipart/form-data",
    response: fileSchema,
  }),
  jsonRoute({
    method: "get",
    path: "/v1/files",
    summary: "List files (OpenAI)",
    query: listFilesQuerySchema,
    response: fileListSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One file (OpenAI)", response: fileSchema }),
  jsonRoute({
    method: "delete",
    ...one,
    summary: "Delete a file (OpenAI)",
    description: "Documents that were made of it stay.",
    response: fileDeletedSchema,
  }),
  jsonRoute({
    method: "get",
    path: "/v1/files/{file_id}/content",
    params: fileParamsSchema,
    summary: "A file's content (OpenAI)",
    response: z.string(),
    alternatives: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
  }),
];

/** OpenAI's `/v1/files`: uploaded once, attached to any number of vector stores. */
export function registerFiles(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { files } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  app.post("/v1/files", async (c) => {
    const { documents } = c.get("access");
    const { file, purpose } = await readUpload(c.req.raw);
    const stored: StoredFile = {
      id: `file-${crypto.randomUUID().replaceAll("-", "")}`,
      owner: fileOwner(c),
      filename: file.name.toWellFormed().replaceAll("\0", "").slice(0, 512),
      purpose,
      mediaType: file.type,
      bytes: file.size,
      createdAt: documents.unixNow(),
    };
    await documents.contents.put(fileKey(stored.id), file);
    await files.put(stored);
    return c.json(fileBody(stored));
  });
  app.get("/v1/files", async (c) => {
    const { limit, after, order, purpose } = readQuery(c, listFilesQuerySchema);
    const options = { owner: fileOwner(c), limit: limit + 1, after, descending: order === "desc", purpose };
    return c.json(pageBody(await files.list(options), { limit, toBody: fileBody, idOf: ({ id }) => id }));
  });
  app.get("/v1/files/:file_id", async (c) =>
    c.json(fileBody(await findFile(c, dependencies, readParams(c, fileParamsSchema).file_id))),
  );
  app.get("/v1/files/:file_id/content", async (c) => {
    const { id, mediaType } = await findFile(c, dependencies, readParams(c, fileParamsSchema).file_id);
    const content = await c.get("access").documents.contents.getText(fileKey(id));
    if (content === undefined) {
      throw new AppError("unknown_file", `file "${id}" was deleted meanwhile`);
    }
    // As data, never as a page of this origin.
    const headers = { "content-type": "application/octet-stream", "x-file-media-type": mediaType };
    return c.body(content, 200, headers);
  });
  app.delete("/v1/files/:file_id", async (c) => {
    const { id, owner } = await findFile(c, dependencies, readParams(c, fileParamsSchema).file_id);
    await c.get("access").documents.contents.delete(fileKey(id));
    await files.delete(owner, id);
    return c.json({ id, object: "file", deleted: true });
  });
}

function fileBody({ id, bytes, createdAt, filename, purpose }: StoredFile): JsonObject {
  return { id, object: "file", bytes, created_at: createdAt, filename, purpose, status: "processed" };
}

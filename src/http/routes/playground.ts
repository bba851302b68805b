import type { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { securityHeaders } from "../middleware/security-headers.ts";

/** One plain name: a parameter is decoded, so an escaped `../` would lead out of the folder. */
const FILE_NAME = /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)+$/;

/** `GET /` and the files of the page under `/playground/`. No other static asset (encoder, demo vectors) is public. */
export function registerPlayground(app: OpenAPIHono<HttpEnvironment>, { readAsset }: RouteDependencies): void {
  const serve = async (c: HttpContext, path: string): Promise<Response> => {
    const response = await readAsset(path, c.req.raw.headers);
    if (response.status === 404) {
      throw new AppError("unknown_route", `no such path: ${c.req.path}`);
    }
    return new Response(response.body, response);
  };
  const headers = securityHeaders();
  app.get("/", headers, (c) => serve(c, "/playground/"));
  app.get("/playground/:file", headers, (c) => {
    const file = c.req.param("file");
    if (!FILE_NAME.test(file)) {
      throw new AppError("unknown_route", `no such path: ${c.req.path}`);
    }
    return serve(c, `/playground/${file}`);
  });
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { securityHeaders } from "../middleware/security-headers.ts";

/** One plain name: a parameter is decoded, so an escaped `../` would lead out of the folder. */
const FILE_NAME = /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)+$/;

/** Pages by their path, and the folder of static assets that each is made of; its files are below `/<folder>/`. */
const PAGES = { "/": "playground", "/admin": "admin" } as const;

/**
 * The playground at `/`, the operator's page at `/admin`, and their files. Pages hold no data: what they show they ask the
 * API for, with the key that is typed in. No other static asset (encoder, demo vectors) is public.
 */
export function registerPages(app: OpenAPIHono<HttpEnvironment>, { readAsset }: RouteDependencies): void {
  const serve = async (c: HttpContext, path: string): Promise<Response> => {
    const response = await readAsset(path, c.req.raw.headers);
    if (response.status === 404) {
      throw new AppError("unknown_route", `no such path: ${c.req.path}`);
    }
    return new Response(response.body, response);
  };
  const headers = securityHeaders();
  for (const [path, folder] of Object.entries(PAGES)) {
    app.get(path, headers, (c) => serve(c, `/${folder}/`));
    app.get(`/${folder}/:file`, headers, (c) => {
      const file = c.req.param("file");
      if (!FILE_NAME.test(file)) {
        throw new AppError("unknown_route", `no such path: ${c.req.path}`);
      }
      return serve(c, `/${folder}/${file}`);
    });
  }
}

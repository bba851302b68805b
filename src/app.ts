import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { createAdmission } from "./http/admission.ts";
import type { AppDependencies, AppSurroundings } from "./http/app-dependencies.ts";
import { errorReply } from "./http/error-dialects.ts";
import type { HttpContext, HttpEnvironment } from "./http/http-context.ts";
import { accessLog } from "./http/middleware/access-log.ts";
import { crossOrigin } from "./http/middleware/cross-origin.ts";
import { idempotent } from "./http/middleware/idempotent.ts";
import { measure } from "./http/middleware/measure.ts";
import { onlyWhen } from "./http/middleware/only-when.ts";
import { rateLimitHeaders } from "./http/middleware/rate-limit-headers.ts";
import { requestContext } from "./http/middleware/request-context.ts";
import { requestDeadline } from "./http/middleware/request-deadline.ts";
import { sameOrigin } from "./http/middleware/same-origin.ts";
import { openPrincipal } from "./http/open-access.ts";
import { assertEveryRouteHasAccess } from "./http/route-access.ts";
import { registerAdminCollections } from "./http/routes/admin-collections.ts";
import { registerBackup } from "./http/routes/backup.ts";
import { registerChatCompletions } from "./http/routes/chat-completions.ts";
import { registerDifyRetrieval } from "./http/routes/dify-retrieval.ts";
import { registerDocuments } from "./http/routes/documents.ts";
import { registerEmbeddings } from "./http/routes/embeddings.ts";
import { registerFeedback } from "./http/routes/feedback.ts";
import { registerFileBatches } from "./http/routes/file-batches.ts";
import { registerFiles } from "./http/routes/files.ts";
import { registerHealth } from "./http/routes/health.ts";
import { registerInventory } from "./http/routes/inventory.ts";
import { registerKeys } from "./http/routes/keys.ts";
import { registerMcp } from "./http/routes/mcp.ts";
import { registerMessages } from "./http/routes/messages.ts";
import { registerMetrics } from "./http/routes/metrics.ts";
import { registerModels } from "./http/routes/models.ts";
import { registerOpenapi } from "./http/routes/openapi.ts";
import { registerOwnCollections } from "./http/routes/own-collections.ts";
import { registerPages } from "./http/routes/pages.ts";
import { registerQuerySide } from "./http/routes/query-side.ts";
import { registerResponses } from "./http/routes/responses.ts";
import { registerRetrieve } from "./http/routes/retrieve.ts";
import { registerUsage } from "./http/routes/usage.ts";
import { registerVectorStoreFiles } from "./http/routes/vector-store-files.ts";
import { registerVectorStoreSearch } from "./http/routes/vector-store-search.ts";
import { registerVectorStores } from "./http/routes/vector-stores.ts";
import { AppError, toAppError } from "./shared/errors.ts";

/** The Worker's HTTP surface. */
export function createApp(dependencies: AppDependencies): OpenAPIHono<HttpEnvironment> {
  const { configuration, keys, wallClock } = dependencies;
  const admission = createAdmission(dependencies);
  const app = bareApp(dependencies);
  const { corsOrigins, adminKey } = configuration;
  const isClient = (c: HttpContext): boolean => !["public", "admin"].includes(c.get("routeAccess"));
  const isOpen = (c: HttpContext): boolean => {
    const access = c.get("routeAccess");
    return access !== "public" && access !== "admin" && openPrincipal(configuration, access) !== undefined;
  };
  app.use(
    measure(dependencies.metrics),
    requestDeadline({ timeoutMs: configuration.requestTimeoutMs, now: dependencies.now }),
    // No page has any business on the admin routes but the Worker's own.
    onlyWhen((c) => c.get("routeAccess") === "admin", sameOrigin({ isOpen: adminKey === undefined })),
    onlyWhen((c) => isClient(c) && mayBeOfPage(c), crossOrigin({ origins: corsOrigins })),
    // A page of another site that has a key was given it; without keys, `CORS_ORIGINS` alone says who may.
    onlyWhen(isOpen, sameOrigin({ isOpen: true, allowed: corsOrigins })),
    // The Model Context Protocol wants it of every server, whoever has a key.
    onlyWhen((c) => c.req.path === "/mcp" && mayBeOfPage(c), sameOrigin({ isOpen: true, allowed: corsOrigins })),
    rateLimitHeaders(),
    admission.middleware,
    idempotent(),
  );
  registerAdminCollections(app, dependencies);
  registerOwnCollections(app, dependencies);
  registerDocuments(app, dependencies);
  registerBackup(app, dependencies);
  registerInventory(app, dependencies);
  registerQuerySide(app, dependencies);
  registerFeedback(app, dependencies);
  registerFiles(app, dependencies);
  registerVectorStores(app, dependencies);
  registerVectorStoreFiles(app, dependencies);
  registerFileBatches(app, dependencies);
  registerVectorStoreSearch(app);
  registerChatCompletions(app, dependencies);
  registerMessages(app, dependencies);
  registerResponses(app, dependencies);
  registerRetrieve(app);
  registerDifyRetrieval(app);
  registerMcp(app);
  registerEmbeddings(app, dependencies);
  registerModels(app, dependencies);
  registerHealth(app, dependencies);
  registerMetrics(app, dependencies);
  registerPages(app, dependencies);
  registerKeys(app, {
    keys,
    wallClock,
    rateTiers: configuration.rateTiers,
    onChange: admission.onKeyChange,
  });
  registerUsage(app, dependencies);
  registerOpenapi(app);
  assertEveryRouteHasAccess(app.routes);
  return app;
}

/** Pages say where they are from whenever they send something; what they only read may be a shared cache's. */
function mayBeOfPage({ req }: HttpContext): boolean {
  return req.method !== "POST" || req.header("origin") !== undefined;
}

/** What a Worker with an invalid configuration answers, on every route: the error that says what to mend. */
export function createMisconfiguredApp(error: AppError, surroundings: AppSurroundings): OpenAPIHono<HttpEnvironment> {
  const app = bareApp(surroundings);
  app.all("*", () => {
    throw error;
  });
  return app;
}

function bareApp({ log, now }: AppSurroundings): OpenAPIHono<HttpEnvironment> {
  const app = new OpenAPIHono<HttpEnvironment>();
  app.use(requestContext({ now }), accessLog({ log }));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app.notFound((c) => errorReply(new AppError("unknown_route", `no such path: ${c.req.path.slice(0, 256)}`), c));
  app.onError((error, c) => errorReply(toAppError(error), c));
  return app;
}

function refuseMethod(c: Context, allow: string[]): Response {
  const message = `${c.req.path} takes ${allow.join(", ")}, not ${c.req.method}`;
  return errorReply(new AppError("method_not_allowed", message, { details: { allow } }), c);
}

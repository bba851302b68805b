import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { except } from "hono/combine";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { AppDependencies, AppSurroundings } from "./http/app-dependencies.ts";
import { errorResponse } from "./http/error-response.ts";
import type { HttpEnvironment } from "./http/http-context.ts";
import { accessLog } from "./http/middleware/access-log.ts";
import { authenticateAdmin } from "./http/middleware/authenticate-admin.ts";
import { authenticate } from "./http/middleware/authenticate.ts";
import { crossOrigin } from "./http/middleware/cross-origin.ts";
import { requestContext } from "./http/middleware/request-context.ts";
import { sameOrigin } from "./http/middleware/same-origin.ts";
import { registerAdminCollections } from "./http/routes/admin-collections.ts";
import { registerChatCompletions } from "./http/routes/chat-completions.ts";
import { registerDocuments } from "./http/routes/documents.ts";
import { registerEmbeddings } from "./http/routes/embeddings.ts";
import { registerFeedback } from "./http/routes/feedback.ts";
import { registerHealth } from "./http/routes/health.ts";
import { registerModels } from "./http/routes/models.ts";
import { registerOpenapi } from "./http/routes/openapi.ts";
import { registerOwnCollections } from "./http/routes/own-collections.ts";
import { registerPlayground } from "./http/routes/playground.ts";
import { registerQuerySide } from "./http/routes/query-side.ts";
import { registerRetrieve } from "./http/routes/retrieve.ts";
import { AppError, toAppError } from "./shared/errors.ts";

/** Who may change what is searched may change it all: the admin key's. Searching a vector store is a client's. */
const ADMIN_PATHS = ["/v1/admin/*", "/v1/collections", "/v1/collections/*"];

/** The Worker's HTTP surface. */
export function createApp(dependencies: AppDependencies): OpenAPIHono<HttpEnvironment> {
  const { configuration, timingSafeEqual } = dependencies;
  const app = bareApp(dependencies);
  // Registered before the clients' middleware, whose pattern covers the admin routes too: there it stands back.
  for (const path of ADMIN_PATHS) {
    app.use(
      path,
      sameOrigin({ isOpen: configuration.adminKey === undefined }),
      authenticateAdmin({ configuration, timingSafeEqual }),
    );
  }
  const { corsOrigins, apiKeys } = configuration;
  const clientOnly = [
    crossOrigin({ origins: corsOrigins }),
    // A page of another site that has a key was given it; without keys, `CORS_ORIGINS` alone says who may.
    ...(apiKeys.length === 0 ? [sameOrigin({ isOpen: true, allowed: corsOrigins })] : []),
    authenticate({ keys: apiKeys, timingSafeEqual }),
  ];
  app.use("/v1/*", except(ADMIN_PATHS, ...clientOnly));
  registerAdminCollections(app, dependencies);
  registerOwnCollections(app, dependencies);
  registerDocuments(app, dependencies);
  registerQuerySide(app, dependencies);
  registerFeedback(app, dependencies);
  registerChatCompletions(app, dependencies);
  registerRetrieve(app, dependencies);
  registerEmbeddings(app, dependencies);
  registerModels(app, dependencies);
  registerHealth(app, dependencies);
  registerPlayground(app, dependencies);
  registerOpenapi(app);
  return app;
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
  app.notFound((c) => errorResponse(new AppError("unknown_route", `no such path: ${c.req.path.slice(0, 256)}`)));
  app.onError((error) => errorResponse(toAppError(error)));
  return app;
}

function refuseMethod(c: Context, allow: string[]): Response {
  const message = `${c.req.path} takes ${allow.join(", ")}, not ${c.req.method}`;
  return errorResponse(new AppError("method_not_allowed", message, { details: { allow } }));
}

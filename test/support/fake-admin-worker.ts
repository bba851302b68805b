import { errorBody, errorStatus } from "../../src/http/error-response.ts";
import { AppError } from "../../src/shared/errors.ts";

interface StoredCollection {
  readonly settings: Record<string, unknown>;
  readonly passages: Map<string, unknown>;
  version: number;
}

/** A Worker's admin routes in memory, as `fetch`. */
export interface FakeAdminWorker {
  readonly fetch: typeof fetch;
  readonly collections: Map<string, StoredCollection>;
  /** `METHOD path` of everything asked, in order. */
  readonly requests: string[];
  /** Answers that come before the Worker's own, one a request; an Error breaks the connection. */
  readonly failures: (Response | Error)[];
  /** Bearer key it wants; undefined: none. */
  adminKey: string | undefined;
}

/** Knows what `uploadCollection` needs of the admin routes: settings, fingerprints, passages by id, keys. */
export function fakeAdminWorker(): FakeAdminWorker {
  const worker: FakeAdminWorker = {
    collections: new Map(),
    requests: [],
    failures: [],
    adminKey: undefined,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      worker.requests.push(`${request.method} ${pathname}`);
      const failure = worker.failures.shift();
      if (failure !== undefined) {
        if (failure instanceof Error) {
          throw failure;
        }
        return failure;
      }
      try {
        return Response.json(await answer(worker, request, pathname));
      } catch (error) {
        if (!(error instanceof AppError)) {
          throw error;
        }
        return Response.json(errorBody(error), { status: errorStatus(error) });
      }
    },
  };
  return worker;
}

async function answer(worker: FakeAdminWorker, request: Request, pathname: string): Promise<unknown> {
  if (worker.adminKey !== undefined && request.headers.get("authorization") !== `Bearer ${worker.adminKey}`) {
    throw new AppError("unauthenticated", "missing or unknown key");
  }
  const [, name = "", isPassages] = /^\/v1\/admin\/collections(?:\/([^/]+)(\/passages)?)?$/u.exec(pathname) ?? [];
  if (name === "") {
    return { object: "list", data: [...worker.collections].map(([known, stored]) => toBody(known, stored)) };
  }
  // A test's own client sent it: JSON objects of the admin routes.
  const body = (await request.json()) as Record<string, unknown>;
  const stored = worker.collections.get(name) ?? { settings: body, passages: new Map<string, unknown>(), version: 0 };
  if (stored.passages.size > 0 && stored.settings["encoder_fingerprint"] !== body["encoder_fingerprint"]) {
    throw new AppError("fingerprint_mismatch", `collection "${name}" is of another encoder`);
  }
  stored.version++;
  worker.collections.set(
    name,
    isPassages === undefined ? { ...stored, settings: { fusion: { method: "rrf", rrf_k: 60 }, ...body } } : stored,
  );
  if (isPassages === undefined) {
    return toBody(name, worker.collections.get(name) ?? stored);
  }
  const passages = body["passages"] as { id: string }[];
  for (const passage of passages) {
    stored.passages.set(passage.id, passage);
  }
  return { upserted: passages.length, mutation_id: `m${stored.version}`, collection: toBody(name, stored) };
}

function toBody(name: string, { settings, passages, version }: StoredCollection): Record<string, unknown> {
  return { name, ...settings, version, passage_count: passages.size };
}

export const SMALL_COLLECTION = "small";

/** Real facts, so that a question has one right passage and the encoder can find it. */
export const SMALL_PASSAGES = [
  {
    id: "canada-coast",
    title: "Canada: coastline",
    text: "Canada has the longest coastline in the world, 202,080 km.",
    url: "https://example.test/canada#coastline",
    metadata: { country: "Canada", region: "North America" },
  },
  {
    id: "norway-coast",
    title: "Norway: coastline",
    text: "Norway's coastline is 25,148 km long, islands and fjords included 83,281 km.",
    url: "https://example.test/norway#coastline",
    metadata: { country: "Norway", region: "Europe" },
  },
  {
    id: "burkina-capital",
    title: "Burkina Faso: capital",
    text: "Ouagadougou is the capital of Burkina Faso; 3.2 million people live there.",
    url: "https://example.test/burkina-faso#capital",
    metadata: { country: "Burkina Faso", region: "Africa" },
  },
] as const;

interface Call {
  readonly method?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request and gives back status and JSON; throws nothing. */
type CallJson = (
  path: string,
  call?: Call,
) => Promise<{ readonly status: number; readonly text: string; readonly json: unknown }>;

export interface UploadSmallCollectionOptions {
  /** Default `SMALL_COLLECTION`. */
  readonly name?: string;
  /** Client key, where the Worker wants one. */
  readonly key?: string;
  /** Default: over the network. */
  readonly call?: CallJson;
}

/** Creates the collection over HTTP, with vectors of the Worker's own encoder. Returns the encoder's fingerprint. */
export async function uploadSmallCollection(
  origin: string,
  { name = SMALL_COLLECTION, key = "", call = overNetwork(origin) }: UploadSmallCollectionOptions = {},
): Promise<string> {
  const send = async <Body>(path: string, options: Call = {}): Promise<Body> => {
    const { status, text, json } = await call(path, { ...options, headers: { authorization: `Bearer ${key}` } });
    if (status !== 200) {
      throw new Error(`${path}: ${status} ${text}`);
    }
    // The callers name the fields they read of a reply that was just made by the code under test.
    return json as Body;
  };
  const { encoder } = await send<{ encoder: { fingerprint: string; name: string; dims: number } }>("/health");
  await send(`/v1/admin/collections/${name}`, {
    method: "PUT",
    body: {
      encoder_fingerprint: encoder.fingerprint,
      encoder_name: encoder.name,
      dims: encoder.dims,
      similarity: "cosine",
      fusion: { method: "convex", weight: 0.5, normalization: "theoretical" },
    },
  });
  const { data } = await send<{ data: { embedding: string }[] }>("/v1/embeddings", {
    body: { input: SMALL_PASSAGES.map(({ title, text }) => `${title} ${text}`), encoding_format: "base64" },
  });
  await send(`/v1/admin/collections/${name}/passages`, {
    body: {
      encoder_fingerprint: encoder.fingerprint,
      passages: SMALL_PASSAGES.map((passage, index) => ({ ...passage, values: data[index]?.embedding })),
    },
  });
  return encoder.fingerprint;
}

function overNetwork(origin: string): CallJson {
  return async (path, { method, body, headers } = {}) => {
    const response = await fetch(origin + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: response.ok ? JSON.parse(text) : undefined };
  };
}

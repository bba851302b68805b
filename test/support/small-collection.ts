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

export interface UploadSmallCollectionOptions {
  /** Default `SMALL_COLLECTION`. */
  readonly name?: string;
  /** Client key, where the Worker wants one. */
  readonly key?: string;
}

/** Creates the collection over HTTP, with vectors of the Worker's own encoder. Returns the encoder's fingerprint. */
export async function uploadSmallCollection(
  origin: string,
  { name = SMALL_COLLECTION, key = "" }: UploadSmallCollectionOptions = {},
): Promise<string> {
  const call = async <Body>(method: string, path: string, body?: object): Promise<Body> => {
    const response = await fetch(origin + path, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    }
    // The callers name the fields they read of a reply that was just made by the code under test.
    return (await response.json()) as Body;
  };
  const { encoder } = await call<{ encoder: { fingerprint: string; name: string; dims: number } }>("GET", "/health");
  await call("PUT", `/v1/admin/collections/${name}`, {
    encoder_fingerprint: encoder.fingerprint,
    encoder_name: encoder.name,
    dims: encoder.dims,
    similarity: "cosine",
    fusion: { method: "convex", weight: 0.5, normalization: "theoretical" },
  });
  const { data } = await call<{ data: { embedding: string }[] }>("POST", "/v1/embeddings", {
    input: SMALL_PASSAGES.map(({ title, text }) => `${title} ${text}`),
    encoding_format: "base64",
  });
  await call("POST", `/v1/admin/collections/${name}/passages`, {
    encoder_fingerprint: encoder.fingerprint,
    passages: SMALL_PASSAGES.map((passage, index) => ({ ...passage, values: data[index]?.embedding })),
  });
  return encoder.fingerprint;
}

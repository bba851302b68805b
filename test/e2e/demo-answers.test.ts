import { EventSourceParserStream } from "eventsource-parser/stream";
import { beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { demoUrl } from "../support/demo-url.ts";

const passageSchema = z.looseObject({ number: z.int(), id: z.string(), document_id: z.string(), text: z.string() });
const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string(), code: z.string() }).optional() });
const chunkSchema = z.looseObject({
  retrieval: z.looseObject({ passages: z.array(passageSchema) }).optional(),
  choices: z.array(
    z.looseObject({
      delta: z.looseObject({
        content: z.string().optional(),
        annotations: z
          .array(
            z.looseObject({
              url_citation: z.looseObject({ start_index: z.int(), end_index: z.int(), url: z.url() }),
              passage_number: z.int(),
              passage_id: z.string(),
            }),
          )
          .optional(),
      }),
    }),
  ),
});
const retrievalSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

interface Answer {
  readonly text: string;
  readonly frames: number;
  readonly isDone: boolean;
  readonly passages: readonly z.output<typeof passageSchema>[];
  /** The sentence that a citation stands behind, and what it cites. */
  readonly citations: readonly {
    readonly mark: string;
    readonly number: number;
    readonly sentence: string;
    readonly passageId: string;
  }[];
}

let url: string;
beforeAll(async () => {
  url = await demoUrl();
});

async function ask(question: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ stream: true, messages: [{ role: "user", content: question }] }),
  });
  const stream = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  if (stream === undefined) {
    throw new Error(`no stream: ${response.status}`);
  }
  let text = "";
  let passages: Answer["passages"] = [];
  const spans: { start: number; end: number; number: number; passageId: string }[] = [];
  const data = (await Array.fromAsync(stream)).map((event) => event.data);
  for (const frame of data.filter((frame) => frame !== "[DONE]")) {
    const json: unknown = JSON.parse(frame);
    const { error } = errorSchema.parse(json);
    if (error !== undefined) {
      throw new Error(`the answer ended in an error frame: ${error.code}: ${error.message}`);
    }
    const chunk = chunkSchema.parse(json);
    passages = chunk.retrieval?.passages ?? passages;
    for (const { delta } of chunk.choices) {
      text += delta.content ?? "";
      for (const { url_citation: span, passage_number: number, passage_id: passageId } of delta.annotations ?? []) {
        spans.push({ start: span.start_index, end: span.end_index, number, passageId });
      }
    }
  }
  const citations = spans.map(({ start, end, number, passageId }) => ({
    mark: text.slice(start, end),
    number,
    sentence: text.slice(text.lastIndexOf("\n", start) + 1, start).trim(),
    passageId,
  }));
  return { text, frames: data.length, isDone: data.at(-1) === "[DONE]", passages, citations };
}

describe("the demo's answers", () => {
  it("names the country with the longest coastline and cites Canada's passage", async ({ expect }) => {
    const { text, citations, isDone, frames } = await ask("Which country has the longest coastline?");
    expect(isDone).toBe(true);
    expect(frames).toBeGreaterThan(3);
    expect(text).toContain("Canada");
    const cited = citations.find(({ sentence }) => sentence.includes("202,080 km"));
    expect(cited?.passageId).toMatch(/^ca-location/u);
  });

  it("tells Burkina Faso's capital and population, each cited", async ({ expect }) => {
    const { citations, isDone } = await ask("What is the capital of Burkina Faso and how many people live there?");
    expect(isDone).toBe(true);
    expect(citations.find(({ sentence }) => sentence.includes("Capital of Burkina Faso: Ouagadougou"))?.passageId).toBe(
      "uv-capital",
    );
    expect(citations.find(({ sentence }) => sentence.includes("18,931,686"))?.passageId).toMatch(/^uv-population/u);
  });

  it("cites with marks that the indices cover, and sentences that the passage says", async ({ expect }) => {
    const { citations, passages } = await ask("What languages are spoken in Switzerland?");
    expect(citations.length).toBeGreaterThan(0);
    for (const { mark, number, sentence, passageId } of citations) {
      expect(mark).toBe(`[${number}]`);
      const passage = passages.find((candidate) => candidate.number === number);
      expect(passage?.id).toBe(passageId);
      // A sentence that does not say what it is about has its subject put before it: "Norway: Coastline ...".
      expect([sentence, sentence.slice(sentence.indexOf(": ") + 2)].some((said) => passage?.text.includes(said))).toBe(
        true,
      );
    }
  });
});

describe("the demo's retrieval", () => {
  it.for([
    ["Which country has the longest coastline?", /^ca-location/u],
    ["What is the capital of Burkina Faso?", /^uv-capital/u],
    ["How many people live in Burkina Faso?", /^uv-population/u],
    ["What languages are spoken in Switzerland?", /^sz-languages/u],
    ["How high is the highest point of Nepal?", /^np-climate/u],
    ["What does the flag of Brazil look like?", /^br-flag/u],
    ["Who is the prime minister of Canada?", /^ca-executive/u],
    ["Which country has the largest population?", /^ch-population/u],
    ["What currency does Norway use?", /^no-trade/u],
    ["When did Indonesia become independent?", /^id-(?:capital|background)/u],
    ["religions of Nepal", /^np-languages/u],
    ["literacy rate Chad", /^cd-education/u],
    ["Which ocean is the largest?", /^zn-background/u],
    ["GDP per capita of Luxembourg", /^lu-gross/u],
    ["What are the main exports of Chile?", /^ci-trade/u],
    ["climate of Iceland", /^ic-climate/u],
  ] as const)("%s", async ([query, expected], { expect }) => {
    for (const mode of ["dense", "hybrid"]) {
      const response = await fetch(`${url}/v1/retrieve`, {
        method: "POST",
        body: JSON.stringify({ query, mode, top_k: 3 }),
      });
      const { data } = retrievalSchema.parse(await response.json());
      expect(
        data.map(({ id }) => id),
        mode,
      ).toContainEqual(expect.stringMatching(expected));
    }
  });
});

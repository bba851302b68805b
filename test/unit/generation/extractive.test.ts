import { describe, test } from "vitest";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import type { RetrievedPassage } from "../../../src/retrieval/types.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { generate, textOf } from "../../support/collect-generation.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";
import { targetLm } from "../../support/target-lm-table.ts";

/** The encoder that ships: whether the right sentence is found is a matter of the real one. */
const shipped = await loadEncoder("src/assets/encoder");

const PASSAGES = retrievedPassages([
  {
    title: "World: Country comparison, coastline",
    text: "The countries and territories with the longest coastline, in order: Canada 202,080 km; Indonesia 54,716 km; Greenland 44,087 km.",
  },
  {
    title: "Burkina Faso: Births, deaths and life expectancy",
    text: "Life expectancy at birth in Burkina Faso: total population 55.12 years; male 53.1 years.\nBirth rate: 42.03 births/1,000 population (2015 est.).",
  },
  {
    title: "Burkina Faso: Capital, government type",
    text: "Capital of Burkina Faso: Ouagadougou.\nGeographic coordinates: 12 22 N, 1 31 W.\nGovernment type: parliamentary republic.",
  },
  {
    title: "Burkina Faso: Trade",
    text: "Import commodities of Burkina Faso: capital goods, foodstuffs, petroleum.",
  },
  {
    title: "Burkina Faso: Population",
    text: "Population of Burkina Faso: 18,931,686 (July 2015 est.). Note: estimates take into account excess mortality due to AIDS.",
  },
]);

async function answer(
  query: string,
  passages: readonly RetrievedPassage[] = PASSAGES,
  encoder: Encoder = shipped,
): Promise<string> {
  const target = targetLm({ provider: "extractive" }, { encoder: () => Promise.resolve(encoder) });
  return textOf(await generate(target, { query, passages }));
}

describe("extractive", () => {
  test("answers with the sentence that answers, cited", async ({ expect }) => {
    const text = await answer("Which country has the longest coastline?");
    expect(text).toMatch(/longest coastline, in order: Canada 202,080 km; .* \[1\]$/u);
  });

  test("prefers the first to the fifth", async ({ expect }) => {
    const ranks = retrievedPassages([
      { title: "Philippines", text: "The Philippines has the fifth-longest coastline in the world: 36,289 km." },
      { title: "Greenland", text: "Greenland has the third-longest coastline in the world: 44,087 km." },
      { title: "Canada", text: "Canada has the longest coastline in the world: 202,080 km." },
    ]);
    const text = await answer("Which country has the longest coastline?", ranks);
    expect(text.split("\n")[0]).toBe("Canada has the longest coastline in the world: 202,080 km. [3]");
  });

  describe("of passages of which one has the word and another the answer", () => {
    const PERU = retrievedPassages([
      {
        title: "Peru: Capital, government type and administrative divisions",
        text: "Capital of Peru: Lima.\nGeographic coordinates: 12 03 S, 77 03 W.\nTime difference: UTC-5 (same time as Washington, DC, during Standard Time).\nGovernment type of Peru: constitutional republic.\nCountry name: conventional long form Republic of Peru; conventional short form Peru; local long form Republica del Peru; local short form Peru.\nIndependence of Peru: 28 July 1821 (from Spain).\nNational holiday of Peru: Independence Day, 28 July (1821).\nAdministrative divisions of Peru: 25 regions (regiones, singular - region) and 1 province* (provincia); Amazonas, Ancash, Apurimac, Arequipa, Ayacucho, Cajamarca, Callao, Cusco, Huancavelica, Huanuco, Ica, Junin, La Libertad, Lambayeque, Lima, Lima*, Loreto, Madre de Dios, Moquegua, Pasco, Piura, Puno, San Martin, Tacna, Tumbes, Ucayali. Note: Callao, the largest port in Peru, is also referred to as a constitutional province, the only province of the the Callao region.",
      },
      {
        title: "Peru: Location, area and coastline",
        text: "Location of Peru: Western South America, bordering the South Pacific Ocean, between Chile and Ecuador.\nGeographic coordinates: 10 00 S, 76 00 W.\nArea of Peru: total 1,285,216 sq km; land 1,279,996 sq km; water 5,220 sq km.\nArea, comparative: almost twice the size of Texas; slightly smaller than Alaska.\nLand boundaries of Peru: total 7,062 km.\nLand boundaries of Peru, border countries: Bolivia 1,212 km, Brazil 2,659 km, Chile 168 km, Colombia 1,494 km, Ecuador 1,529 km.\nCoastline of Peru: 2,414 km.\nMaritime claims: territorial sea 200 nm; continental shelf 200 nm.",
      },
      {
        title: "Peru: Armed forces",
        text: "Military branches of Peru: Peruvian Army (Ejercito Peruano), Peruvian Navy (Marina de Guerra del Peru, MGP; includes naval air, naval infantry, and Coast Guard), Air Force of Peru (Fuerza Aerea del Peru, FAP) (2013).\nMilitary expenditures of Peru: 1.28% of GDP (2012).\nMilitary service age and obligation: 18-50 years of age for male and 18-45 years of age for female voluntary military service; no conscription (2012).",
      },
    ]);

    test.for<[question: string, quote: string]>([
      ["How long is the coast of Peru?", "Coastline of Peru: 2,414 km. [2]"],
      ["How long is Peru's coast?", "Coastline of Peru: 2,414 km. [2]"],
      ["What is the capital of Peru?", "Capital of Peru: Lima. [1]"],
    ])("%s", async ([question, quote], { expect }) => {
      expect((await answer(question, PERU)).split("\n")[0]).toBe(quote);
    });

    test("the word itself is still found", async ({ expect }) => {
      expect(await answer("Is there a coast guard in Peru?", PERU)).toMatch(/Coast Guard.* \[3\]$/u);
    });
  });

  test.for([
    "What is the capital of Burkina Faso and how many people live there?",
    "what is the capital of burkina faso and how many people live there",
    "How many people live in Burkina Faso and what is its capital?",
  ])("answers each part of: %s", async (question, { expect }) => {
    const text = await answer(question);
    expect(text).toContain("Capital of Burkina Faso: Ouagadougou. [3]");
    expect(text).toContain("Population of Burkina Faso: 18,931,686 (July 2015 est.). [5]");
    expect(text).not.toContain("capital goods");
  });

  test("answers a follow-up by what came before it", async ({ expect }) => {
    const text = await answer("What is the capital of Burkina Faso?\nAnd its population?");
    expect(text.split("\n")[0]).toBe("Population of Burkina Faso: 18,931,686 (July 2015 est.). [5]");
  });

  test("names the subject of a sentence that does not", async ({ expect }) => {
    expect(await answer("What type of government does Burkina Faso have?")).toContain(
      "Burkina Faso: Government type: parliamentary republic. [3]",
    );
  });

  test.for(["How do I fix a flat bicycle tire?", "Who won the 2018 football world cup?"])(
    "says that it did not find: %s",
    async (question, { expect }) => {
      expect(await answer(question)).toBe("The retrieved passages do not seem to answer this question.");
    },
  );

  test("says that there are no passages, without waking the encoder", async ({ expect }) => {
    const target = targetLm({ provider: "extractive" }, { encoder: () => Promise.reject(new Error("woken")) });
    expect(textOf(await generate(target))).toMatch(/^No passages were retrieved/u);
  });

  test("reads few tokens", async ({ expect }) => {
    const target = targetLm({ provider: "extractive" }, { encoder: () => Promise.resolve(shipped) });
    const long = retrievedPassages(
      Array.from({ length: 20 }, (_, index) => ({ title: "Chad", text: `Chad ${index} has many things. `.repeat(50) })),
    );
    const events = await generate(target, { query: "What does Chad have and where is it?", passages: long });
    const usage = events.flatMap((event) => (event.type === "usage" ? [event.usage["prompt_tokens"]] : []));
    expect(usage[0]).toBeLessThan(400);
  });

  test("ends properly, is the same every time, and cites passages that exist", async ({ expect }) => {
    const target = targetLm({ provider: "extractive" }, { encoder: () => Promise.resolve(fakeEncoder()) });
    const request = { query: "capital of Burkina Faso", passages: PASSAGES };
    const events = await generate(target, request);
    expect(events.slice(-3).map(({ type }) => type)).toEqual(["choice-end", "usage", "end"]);
    expect(await generate(target, request)).toEqual(events);
    for (const [, number] of textOf(events).matchAll(/\[(\d+)\]/gu)) {
      expect(Number(number)).toBeLessThanOrEqual(PASSAGES.length);
    }
  });

  test("cuts an endless enumeration", async ({ expect }) => {
    const endless = retrievedPassages([{ text: `The rivers of Chad are ${"Chari and Logone, ".repeat(200)}` }]);
    const text = await answer("Which are the rivers of Chad?", endless);
    expect(text).toMatch(/ … \[1\]$/u);
    expect(text.length).toBeLessThan(650);
  });

  test.for<[name: string, text: string]>([
    ["without spaces", "長江".repeat(2_000)],
    ["of pairs of code units", `x${"🍁".repeat(2_000)}`],
    ["with an early space only", `河 ${"長".repeat(2_000)}`],
  ])("cuts endless text %s", async ([, endless], { expect }) => {
    const text = await answer(endless, retrievedPassages([{ text: endless }]), fakeEncoder());
    expect(text).toMatch(/ … \[1\]$/u);
    expect(text.length).toBeGreaterThan(500);
    expect(text.length).toBeLessThan(650);
    expect(text.isWellFormed()).toBe(true);
  });

  test("refuses several answers", async ({ expect }) => {
    const target = targetLm({ provider: "extractive" }, {});
    await expect(generate(target, { parameters: { n: 2 } })).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("stops for a client that has left", async ({ expect }) => {
    const target = targetLm({ provider: "extractive" }, {});
    const left = AbortSignal.abort();
    await expect(generate(target, { passages: PASSAGES }, left)).rejects.toMatchObject({ code: "aborted" });
  });
});

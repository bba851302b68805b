import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { demoUrl } from "../support/demo-url.ts";
import { findChromium } from "../support/find-chromium.ts";
import { launchBrowser, openPage, SCREENSHOTS } from "../support/open-page.ts";
import type { OpenedPage } from "../support/open-page.ts";

const COASTLINE = "Which country has the longest coastline?";

/**
 * In the page: the Worker's own events, one every few frames. The extractive answer is written so fast that all of it can
 * come between two frames, and then no page could show a part.
 */
const PACE_STREAMS = `
  const fetchAtOnce = window.fetch;
  window.fetch = async (...request) => {
    const response = await fetchAtOnce(...request);
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream({
      async transform(text, controller) {
        for (const event of text.split(/(?<=\\n\\n)/)) {
          controller.enqueue(event);
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      },
    }));
    return new Response(events.pipeThrough(new TextEncoderStream()), response);
  };
`;

const hasBrowser = findChromium() !== undefined;
let browser: Browser;
let url: string;

async function open(
  options: BrowserContextOptions = {},
  prepare?: (page: Page) => Promise<unknown>,
): Promise<OpenedPage> {
  const opened = await openPage({
    browser,
    url,
    context: { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options },
    prepare,
  });
  await opened.page.locator(".status[data-state=up]").waitFor();
  await opened.page.locator("#examples button").first().waitFor();
  return opened;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.fill("#question", question);
  await page.keyboard.press("Enter");
  await page.locator("#timings:not([hidden])").waitFor();
}

async function overflow(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

describe.skipIf(!hasBrowser)("the playground", () => {
  beforeAll(async () => {
    url = await demoUrl();
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it("answers with citations that lead to the sentence in the passage", async ({ expect }) => {
    const { page, complaints } = await open();
    await page.screenshot({ path: `${SCREENSHOTS}/start.png` });
    await ask(page, COASTLINE);
    expect(await page.locator("#answer").textContent()).toContain(
      "Canada has the longest coastline in the world: 202,080 km.",
    );
    const citation = page.locator("#answer .citation").first();
    const number = (await citation.textContent()) ?? "";
    await citation.hover();
    expect(await page.locator("#preview").textContent()).toContain("longest coastline");
    await citation.click();
    const card = page.locator(`#passage-${number}`);
    expect(await card.getAttribute("class")).toContain("cited");
    expect(await card.locator("h3").textContent()).toContain("Canada");
    expect(await card.locator("mark").textContent()).toContain(
      "Canada has the longest coastline in the world: 202,080 km.",
    );
    await page.mouse.move(0, 0);
    await page.screenshot({ path: `${SCREENSHOTS}/answer.png`, fullPage: true });
    expect(complaints).toEqual([]);
  });

  it("shows the text while it streams", async ({ expect }) => {
    const { page } = await open();
    await page.evaluate(PACE_STREAMS);
    await page.evaluate(`
      window.seen = new Set();
      new MutationObserver(() => window.seen.add(document.querySelector("#answer").textContent)).observe(
        document.querySelector("#answer"), { childList: true, subtree: true });
    `);
    await ask(page, "What is the capital of Burkina Faso and how many people live there?");
    const seen: number = await page.evaluate("window.seen.size");
    expect(seen).toBeGreaterThan(2);
    expect(await page.locator("#answer").getAttribute("aria-busy")).toBe("false");
  });

  it("shows each leg's rank and score, and leaves out a leg that was not asked", async ({ expect }) => {
    const { page } = await open();
    await ask(page, COASTLINE);
    const places = page.locator(".passage").first().locator(".places");
    expect(await places.locator("dt").allTextContents()).toEqual(["Dense", "Lexical", "Fused"]);
    expect(await places.textContent()).toMatch(/#\d+.*\d\.\d+/u);
    await page.getByRole("radio", { name: "Lexical" }).check();
    await ask(page, COASTLINE);
    expect(await page.locator(".passage").first().locator(".places").textContent()).toMatch(/Densenot askedLexical#1/u);
    expect(await page.locator("#timing-list").textContent()).toContain("Search the words");
  });

  it("offers the adapter that ships, and uses it only when told to", async ({ expect }) => {
    const { page } = await open();
    await page.locator("#adapter-field:not([hidden])").waitFor();
    await ask(page, COASTLINE);
    const summary = page.locator("#passages-summary");
    expect(await summary.textContent()).toBe("5 from factbook");
    await page.selectOption("#adapter", { label: "factbook-example" });
    await ask(page, COASTLINE);
    expect(await summary.textContent()).toBe("5 from factbook, adapter factbook-example");
  });

  it("takes a question that is typed before the page has fetched anything, and asks it once it can", async ({
    expect,
  }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const fetched = Promise.withResolvers<void>();
    await page.route("**/health", async (route) => {
      await fetched.promise;
      await route.continue();
    });
    await page.goto(url);
    await page.keyboard.type(COASTLINE);
    await page.keyboard.press("Enter");
    expect(await page.inputValue("#question")).toBe(COASTLINE);
    fetched.resolve();
    await page.locator("#timings:not([hidden])").waitFor();
    expect(await page.locator("#answer").textContent()).toContain("Canada");
  });

  it("works with the keyboard alone", async ({ expect }) => {
    const { page } = await open();
    await page.keyboard.type(COASTLINE);
    await page.keyboard.press("Enter");
    await page.locator("#timings:not([hidden])").waitFor();
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press("Tab");
      if ((await page.locator("#answer .citation:focus").count()) === 1) {
        break;
      }
    }
    const number = (await page.locator("#answer .citation:focus").textContent()) ?? "";
    await page.keyboard.press("Enter");
    expect(await page.locator(`#passage-${number}:focus`).count()).toBe(1);
    while ((await page.locator(".back:focus").count()) === 0) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    expect(await page.locator("#answer .citation:focus").textContent()).toBe(number);
    await page.keyboard.press("/");
    expect(await page.locator("#question:focus").count()).toBe(1);
  });

  it("fits a phone of 360 pixels, dark as well", async ({ expect }) => {
    const { page, complaints } = await open({
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
      hasTouch: true,
      isMobile: true,
    });
    expect(await overflow(page)).toBe(0);
    await ask(page, "What is the capital of Burkina Faso and how many people live there?");
    expect(await overflow(page)).toBe(0);
    await page.locator("#answer .citation").first().tap();
    expect(await page.locator(".passage.cited mark").textContent()).toContain("Ouagadougou");
    await page.screenshot({ path: `${SCREENSHOTS}/phone.png`, fullPage: true });
    expect(complaints).toEqual([]);
  });

  it("says that an answer was cut, and keeps what came", async ({ expect }) => {
    const { page } = await open({}, (page) =>
      page.route("**/v1/chat/completions", (route) =>
        route.fulfill({
          contentType: "text/event-stream",
          body: `data: {"choices":[{"index":0,"delta":{"content":"Half an"}}]}\n\n`,
        }),
      ),
    );
    await ask(page, "Anything");
    expect(await page.locator("#answer").textContent()).toBe("Half an");
    expect(await page.locator("#error").textContent()).toContain("stopped before its end");
  });

  it("shows an error frame's own words", async ({ expect }) => {
    const { page } = await open({}, (page) =>
      page.route("**/v1/chat/completions", (route) =>
        route.fulfill({
          contentType: "text/event-stream",
          headers: { "x-request-id": "abc" },
          body: `data: {"choices":[{"index":0,"delta":{"content":"Half"}}]}\n\ndata: {"error":{"message":"the provider fell silent","code":"upstream_timeout"}}\n\n`,
        }),
      ),
    );
    await ask(page, "Anything");
    expect(await page.locator("#error").textContent()).toMatch(/the provider fell silent.*upstream_timeout.*abc/u);
  });

  it("stops when told", async ({ expect }) => {
    const { page } = await open({}, (page) => page.route("**/v1/chat/completions", () => undefined));
    await page.fill("#question", "Anything");
    await page.keyboard.press("Enter");
    await page.locator("#stop").click();
    await page.locator("#ask").waitFor();
    expect(await page.locator("#error").isHidden()).toBe(true);
    expect(await page.locator("#byline").textContent()).toBe("Stopped.");
  });

  it("asks for a key when the server wants one, sends it, and keeps it in this tab", async ({ expect }) => {
    const sent: (string | undefined)[] = [];
    const { page } = await open({}, async (page) => {
      await page.route("**/health", async (route) => {
        const response = await route.fetch();
        const health: unknown = await response.json();
        await route.fulfill({ json: { ...Object(health), authentication: "keys" } });
      });
      await page.route("**/v1/chat/completions", async (route) => {
        sent.push(route.request().headers()["authorization"]);
        await route.continue();
      });
    });
    await page.fill("#key", "secret-key");
    await page.locator("#key").blur();
    await ask(page, COASTLINE);
    expect(sent).toEqual(["Bearer secret-key"]);
    expect(
      await page.evaluate(
        `[sessionStorage.getItem("aar-api-key"), localStorage.length, location.href.includes("secret")]`,
      ),
    ).toEqual(["secret-key", 0, false]);
  });
});

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { demoUrl } from "../support/demo-url.ts";
import { findChromium } from "../support/find-chromium.ts";
import { launchBrowser, openPage, SCREENSHOTS } from "../support/open-page.ts";
import type { OpenedPage } from "../support/open-page.ts";

const hasBrowser = findChromium() !== undefined;
let browser: Browser;
let url: string;

async function open(
  options: BrowserContextOptions = {},
  prepare?: (page: Page) => Promise<unknown>,
): Promise<OpenedPage> {
  return await openPage({
    browser,
    url: `${url}/admin`,
    context: { viewport: { width: 1280, height: 1000 }, ...options },
    mayLoad: ({ protocol }) => protocol === "blob:",
    prepare,
  });
}

async function loaded(page: Page): Promise<void> {
  await page.locator(".status[data-state=up]").waitFor();
  await page.locator("#keys tbody tr").first().waitFor();
}

async function statusWith(key: string): Promise<number> {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  await response.body?.cancel();
  return response.status;
}

describe.skipIf(!hasBrowser)("the admin page", () => {
  beforeAll(async () => {
    url = await demoUrl();
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it("creates a key that is shown once and works, rotates it, and revokes it", async ({ expect }) => {
    const { page, complaints } = await open();
    await loaded(page);
    await page.fill("#tenant", "browser");
    await page.fill("#name", '<img src="x" onerror="window.owned = true">');
    await page.fill("#budget", "12.5");
    await page.getByRole("button", { name: "Create key" }).click();
    const first = (await page.locator("#new-key-text").textContent()) ?? "";
    expect(first).toMatch(/^aar_[a-z0-9]{12}_/u);
    expect(await statusWith(first)).toBe(200);
    const row = page.locator("#keys tbody tr", { hasText: first.slice(0, 16) });
    // A name is text, whatever it says.
    expect(await row.textContent()).toContain('<img src="x"');
    expect(await page.locator("#keys img").count()).toBe(0);
    expect(await row.textContent()).toContain("$12.5");
    await page.screenshot({ path: `${SCREENSHOTS}/admin.png`, fullPage: true });
    await page.getByRole("button", { name: "I have it" }).click();
    expect(await page.content()).not.toContain(first);

    await row.getByRole("button", { name: "Rotate" }).click();
    await page.locator("#confirm-yes").click();
    const second = (await page.locator("#new-key-text").textContent()) ?? "";
    expect([second === first, await statusWith(first), await statusWith(second)]).toEqual([false, 401, 200]);

    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await statusWith(second)).toBe(200);
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.locator("#confirm-yes").click();
    await row.filter({ hasText: "revoked" }).waitFor();
    expect(await statusWith(second)).toBe(401);
    expect(complaints).toEqual([]);
  });

  it("shows collections, and usage as bars and as a table whose numbers are those of /v1/usage", async ({ expect }) => {
    await fetch(`${url}/v1/models`).then((response) => response.body?.cancel());
    const { page, complaints } = await open();
    await loaded(page);
    expect(await page.locator("#collections tbody tr").count()).toBeGreaterThan(0);
    expect(await page.locator("#inventory").textContent()).toMatch(
      /[\d,]+ passages, [\d,]+ vectors, [\d.,]+ MB in D1/u,
    );
    // A bar a day, those without a request included.
    expect(await page.locator("#plot rect").count()).toBe(30);
    await page.selectOption("#group", "tenant");
    await page.locator("#plot-caption", { hasText: "by tenant" }).waitFor();
    const response = page.waitForResponse((reply) => reply.url().includes("group_by=model"));
    await page.selectOption("#group", "model");
    const { data } = (await (await response).json()) as { data: { requests: number }[] };
    await page.locator("#plot-caption", { hasText: "by model" }).waitFor();
    const cells = await page.locator("#usage-table tbody td:nth-child(2)").allTextContents();
    expect(cells.map((cell) => Number(cell.replaceAll(",", "")))).toEqual(data.map(({ requests }) => requests));
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as CSV" }).click();
    expect((await download).suggestedFilename()).toBe("usage.csv");
    expect(complaints).toEqual([]);
  });

  it("asks for the admin key where one is wanted, keeps it in this tab only, and says when it is wrong", async ({
    expect,
  }) => {
    const { page } = await open({}, (page) =>
      page.route("**/v1/admin/**", async (route) => {
        await (route.request().headers()["authorization"] === "Bearer right"
          ? route.fallback({ headers: {} })
          : route.fulfill({ status: 401, json: { error: { message: "this key is not known here" } } }));
      }),
    );
    await page.locator("#key-form:not([hidden])").waitFor();
    expect([await page.locator("#content").isHidden(), await page.locator("#error").isHidden()]).toEqual([true, true]);
    await page.fill("#admin-key", "wrong");
    await page.keyboard.press("Enter");
    await page.locator("#error", { hasText: "not known here" }).waitFor();
    await page.fill("#admin-key", "right");
    await page.keyboard.press("Enter");
    await loaded(page);
    expect(
      await page.evaluate(
        `[sessionStorage.getItem("aar-admin-key"), localStorage.length, document.cookie, location.href.includes("right")]`,
      ),
    ).toEqual(["right", 0, "", false]);
    expect(await page.inputValue("#admin-key")).toBe("");
  });

  it("fits a phone of 360 pixels", async ({ expect }) => {
    const { page } = await open({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    await loaded(page);
    expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
    await page.screenshot({ path: `${SCREENSHOTS}/admin-phone.png`, fullPage: true });
  });
});

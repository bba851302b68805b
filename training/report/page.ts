import { readFile } from "node:fs/promises";
import { html, raw } from "./html.ts";
import type { SafeHtml } from "./html.ts";

export interface PageContent {
  readonly title: string;
  /** Below the title: what the figures are of. */
  readonly subject: string;
  readonly body: SafeHtml;
}

/**
 * One HTML page that needs nothing but itself: style and plots are inside, no script runs, and its own policy forbids
 * whatever a hostile passage might ask for. The same content gives the same bytes.
 */
export async function renderPage({ title, subject, body }: PageContent): Promise<string> {
  const style = await readFile(new URL("style.css", import.meta.url), "utf8");
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p class="muted">${subject}</p>
          ${body}
        </main>
      </body>
    </html> `;
  return page.markup;
}

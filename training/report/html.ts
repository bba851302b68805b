/** Markup that is safe to put into a page: made by `html`, `raw` or `joinHtml` only. */
export class SafeHtml {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What `html` takes between its texts. */
export type HtmlValue = string | number | SafeHtml | readonly SafeHtml[];

/**
 * A template whose values are escaped, but for those that are `SafeHtml` already: passages, questions and names in a report
 * are other people's text. Values belong between tags or inside double quotes, nowhere else.
 */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  const pieces = texts.map((text, index) => {
    const value = values[index];
    return text + (value === undefined ? "" : markupOf(value));
  });
  return new SafeHtml(pieces.join(""));
}

/** Markup of our own making (an SVG that vega drew, a style sheet), taken as it is. */
export function raw(markup: string): SafeHtml {
  return new SafeHtml(markup);
}

function markupOf(value: HtmlValue): string {
  if (value instanceof SafeHtml) {
    return value.markup;
  }
  if (typeof value === "object") {
    return value.map(({ markup }) => markup).join("");
  }
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] ?? "");
}

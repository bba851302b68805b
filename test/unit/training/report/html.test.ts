import { assert, property, string } from "fast-check";
import { describe, it } from "vitest";
import { html, raw } from "../../../../training/report/html.ts";

describe("html", () => {
  it("escapes what it is given and leaves its own markup", ({ expect }) => {
    const inner = html`<b>${"<&>\"'"}</b>`;
    expect(html`<p title="${'" onclick="x'}">${inner}${[inner]}${3}</p>`.markup).toBe(
      '<p title="&quot; onclick=&quot;x"><b>&lt;&amp;&gt;&quot;&#39;</b><b>&lt;&amp;&gt;&quot;&#39;</b>3</p>',
    );
    expect(html`${raw("<svg/>")}`.markup).toBe("<svg/>");
  });

  it("no text brings a tag or a quote of its own", ({ expect }) => {
    assert(
      property(string(), (text) => {
        expect(html`${text}`.markup).not.toMatch(/[<>"']/u);
      }),
    );
  });
});

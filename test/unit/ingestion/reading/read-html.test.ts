import * as fc from "fast-check";
import { describe, test } from "vitest";
import { readHtmlElements } from "../../../../src/ingestion/reading/read-html-elements.ts";
import { readHtml } from "../../../../src/ingestion/reading/read-html.ts";

const LOREM =
  "The lighthouse at the southern cape has warned ships of the rocks for more than three centuries, in every weather. ";

const ARTICLE = `<!doctype html><html><head><title>Lights of the north | Example site</title><style>p{}</style></head><body>
  <header><a href="/">Home</a> <a href="/about">About us</a></header>
  <nav><ul><li><a href="/a">Menu entry</a></li></ul></nav>
  <div class="sidebar"><h3>Advertisement</h3><p>Buy lamps.</p></div>
  <article><h1>Lights of the north</h1><p>${LOREM.repeat(4)}</p>
    <h2>Lindesnes &amp; others</h2><p>${LOREM.repeat(4)}</p><ul><li>First <b>light</b></li><li><p>Second light</p></li></ul>
    <table><tr><th>Name</th><th>Year</th></tr><tr><td>Lindesnes</td><td>1656</td></tr></table>
    <pre>code  stays
  as it is</pre><script>alert(1)</script></article>
  <footer>Cookies and imprint</footer></body></html>`;

describe("readHtml", () => {
  test("finds the main content of a page, its headings, lists, tables and code", ({ expect }) => {
    const { title, sections } = readHtml(ARTICLE);
    expect(title).toContain("Lights of the north");
    const found = [...sections];
    const text = found.map((section) => section.text).join("\n\n");
    expect(text).not.toMatch(/Menu entry|About us|Buy lamps|Cookies|alert/);
    const part = found.find(({ headings }) => headings.at(-1) === "Lindesnes & others");
    expect(part?.text).toContain("- First light\n- Second light");
    expect(part?.text).toContain("Name | Year\nLindesnes | 1656");
    expect(part?.text).toContain("code  stays\n  as it is");
  });

  test("a page without an article is read as a whole, without what is no content", ({ expect }) => {
    const { title, sections } = readHtml(
      "<title>Short</title><nav>Menu</nav><p>One&nbsp;sentence.</p><footer>Imprint</footer>",
    );
    expect([title, [...sections]]).toEqual(["Short", [{ headings: [], text: "One sentence." }]]);
  });

  test("a page of megabytes is read, in time of its length", ({ expect }) => {
    const page = `<title>Big</title><nav>Menu</nav>${"<div><span>inline <i>text</i> and</span> more<br>lines</div>".repeat(40_000)}`;
    const [section] = readHtml(page).sections;
    expect(section?.text.length).toBeGreaterThan(1_000_000);
    expect(section?.text.startsWith("inline text and more\nlines\n\ninline")).toBe(true);
  });

  test("a page that nests deep is read, and refused when it nests without end", ({ expect }) => {
    const [section] = readHtml(`${"<div>".repeat(4_000)}deep text`).sections;
    expect(section?.text).toBe("deep text");
    expect(() => readHtml(`${"<div>".repeat(1_000_000)}deep text`)).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });
});

describe("readHtmlElements", () => {
  test.for<[string, string, string]>([
    ["white space is one space", "<p>a\n  b <b> c</b> </p>", "a b c"],
    ["paragraphs", "<p>a</p><p>b</p>text<div>c</div>", "a\n\nb\n\ntext\n\nc"],
    ["line breaks", "a<br>b<br/>c", "a\nb\nc"],
    ["entities", "&lt;b&gt; &eacute; &#x1F600; &amp;amp;", "<b> é 😀 &amp;"],
    ["nested lists", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n\n- b\n\n- c"],
    ["an image's text", 'See <img alt="a map"> here', "See a map here"],
    ["empty cells", "<table><tr><td>a</td><td></td><td>b</td></tr></table>", "a | b"],
    [
      "nothing of scripts, styles and forms",
      "a<script>x</script><style>y</style><form>z</form><svg><text>s</text></svg>b",
      "ab",
    ],
    ["an empty item is none", "<ul><li></li><li>b</li></ul>", "- b"],
  ])("%s", ([, html, text], { expect }) => {
    expect([...readHtmlElements(html).sections].map((section) => section.text).join("\n\n")).toBe(text);
  });

  test("headings make sections with their path", ({ expect }) => {
    const html = "<h1>A</h1><p>a</p><h2>B</h2><p>b</p><h3>C</h3>c<h2>D</h2>d<h1>E</h1>e";
    expect([...readHtmlElements(html).sections].map(({ headings, text }) => [headings.join("/"), text])).toEqual([
      ["A", "a"],
      ["A/B", "b"],
      ["A/B/C", "c"],
      ["A/D", "d"],
      ["E", "e"],
    ]);
  });

  test("any text between any tags is no error, and no text outside of skipped elements is lost", ({ expect }) => {
    const tag = fc.constantFrom(
      "<p>",
      "</p>",
      "<li>",
      "</li>",
      "<td>",
      "<pre>",
      "</pre>",
      "<h2>",
      "</h2>",
      "<br>",
      "<b>",
      "</b>",
      "<ul>",
      "<",
      ">",
      "&",
      "<!--",
      "-->",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(tag, fc.constant("word")), { maxLength: 60 }), (pieces) => {
        const html = pieces.join(" ").replaceAll("<!--", "");
        const { sections } = readHtmlElements(html);
        const found = [...sections].flatMap(({ headings, text }) => [...headings, text]).join(" ");
        expect(found.includes("undefined")).toBe(false);
      }),
    );
  });
});

import { byId, element } from "./dom.js";
import { segmentAnswer } from "./segments.js";

/**
 * @typedef {import("./segments.js").CitationSpan} CitationSpan
 * @typedef {{ passage: number, claim: string, link: HTMLElement }} ChosenCitation
 */

/** The answer as it grows: text and citation links in `#answer`. */
export class AnswerView {
  #root = byId("answer", HTMLDivElement);
  #text = "";
  /** @type {CitationSpan[]} */
  #spans = [];
  #frame = 0;
  /** @type {(citation: ChosenCitation) => void} */
  #onChoose;
  /** @type {(citation: ChosenCitation | undefined) => void} */
  #onPoint;

  /**
   * @param {{ onChoose: (citation: ChosenCitation) => void, onPoint: (citation: ChosenCitation | undefined) => void }} handlers
   *   `onChoose`: a citation was clicked or entered; `onPoint`: pointed at or focused, undefined when left.
   */
  constructor({ onChoose, onPoint }) {
    this.#onChoose = onChoose;
    this.#onPoint = onPoint;
  }

  get text() {
    return this.#text;
  }

  /** Empties the view for the next answer. */
  begin() {
    cancelAnimationFrame(this.#frame);
    this.#text = "";
    this.#spans = [];
    // Busy: assistive technology waits for the whole answer instead of reading every word.
    this.#root.setAttribute("aria-busy", "true");
    this.#root.replaceChildren(element("p", { class: "waiting" }, ["Searching…"]));
  }

  /** @param {string} text */
  append(text) {
    this.#text += text;
    this.#schedule();
  }

  /** @param {CitationSpan} span */
  cite(span) {
    this.#spans.push(span);
    this.#schedule();
  }

  /** The stream ended, well or not. */
  end() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#render(false);
    this.#root.setAttribute("aria-busy", "false");
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render(true);
    });
  }

  /** @param {boolean} streaming */
  #render(streaming) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["citation"] : undefined;
    let count = 0;
    const nodes = segmentAnswer(this.#text, this.#spans).map((segment, index, segments) =>
      segment.kind === "citation"
        ? this.#link(segment, count++)
        : // A number must not begin a line of its own.
          document.createTextNode(segments[index + 1] ? segment.text.replace(/ $/u, "\u00A0") : segment.text),
    );
    const caret = streaming ? [element("span", { class: "caret", "aria-hidden": "true" })] : [];
    this.#root.replaceChildren(...nodes, ...caret);
    if (focused !== undefined) {
      const link = this.#root.querySelector(`[data-citation="${CSS.escape(focused)}"]`);
      if (link instanceof HTMLElement) {
        link.focus();
      }
    }
  }

  /**
   * @param {{ passage: number, claim: string }} segment
   * @param {number} index
   */
  #link({ passage, claim }, index) {
    const link = element(
      "a",
      { href: `#passage-${passage}`, class: "citation", "data-citation": String(index), "aria-label": `Citation: passage ${passage}` },
      [String(passage)],
    );
    const chosen = { passage, claim, link };
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#onChoose(chosen);
    });
    for (const type of ["pointerenter", "focus"]) {
      link.addEventListener(type, () => this.#onPoint(chosen));
    }
    for (const type of ["pointerleave", "blur"]) {
      link.addEventListener(type, () => this.#onPoint(undefined));
    }
    return link;
  }
}

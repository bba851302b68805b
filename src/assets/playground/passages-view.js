import { byId, element, reveal } from "./dom.js";
import { findClaim } from "./segments.js";

/** @typedef {import("./api.js").Passage} Passage */

/** Longer texts are folded until the reader, or a citation, opens them. */
const FOLD_CHARACTERS = 420;

/** The passages behind an answer, with the place each leg of retrieval gave them. */
export class PassagesView {
  #list = byId("passages", HTMLOListElement);
  /** @type {Map<number, { passage: Passage, card: HTMLElement, text: HTMLElement, back: HTMLElement }>} */
  #cards = new Map();

  clear() {
    this.#cards.clear();
    this.#list.replaceChildren();
  }

  /**
   * @param {readonly Passage[]} passages
   * @param {string} mode
   */
  show(passages, mode) {
    this.clear();
    for (const passage of passages) {
      this.#list.append(this.#card(passage, mode));
    }
    if (passages.length === 0) {
      this.#list.append(element("li", { class: "empty" }, ["No passage matched."]));
    }
  }

  /** @param {number} number */
  passage(number) {
    return this.#cards.get(number)?.passage;
  }

  /**
   * Jumps to a passage, marks the claim in it when it says it word for word, and offers the way back.
   * @param {{ passage: number, claim: string, link: HTMLElement }} citation
   */
  open({ passage: number, claim, link }) {
    const entry = this.#cards.get(number);
    if (entry === undefined) {
      return;
    }
    for (const { card, back, text, passage } of this.#cards.values()) {
      card.classList.remove("cited");
      back.hidden = true;
      text.replaceChildren(passage.text);
    }
    const { card, text, back, passage } = entry;
    text.classList.remove("folded");
    card.querySelector(".unfold")?.remove();
    markClaim(text, passage.text, claim);
    card.classList.add("cited");
    back.hidden = false;
    back.onclick = () => {
      link.focus();
      reveal(link);
    };
    card.focus({ preventScroll: true });
    reveal(card);
  }

  /**
   * @param {Passage} passage
   * @param {string} mode
   */
  #card(passage, mode) {
    const text = element("p", { class: "passage-text" }, [passage.text]);
    const back = element("button", { class: "quiet back", type: "button" }, ["↩ Back to the answer"]);
    back.hidden = true;
    const card = element("li", { id: `passage-${passage.number}`, class: "passage", tabindex: "-1" }, [
      element("div", { class: "passage-head" }, [
        element("span", { class: "number", "aria-hidden": "true" }, [String(passage.number)]),
        element("h3", {}, [title(passage)]),
      ]),
      places(passage, mode),
      text,
    ]);
    if (passage.text.length > FOLD_CHARACTERS) {
      text.classList.add("folded");
      const unfold = element("button", { class: "quiet unfold", type: "button" }, ["Show all"]);
      unfold.addEventListener("click", () => {
        text.classList.remove("folded");
        unfold.remove();
        card.focus({ preventScroll: true });
      });
      card.append(unfold);
    }
    card.append(back);
    this.#cards.set(passage.number, { passage, card, text, back });
    return card;
  }
}

/**
 * The title, as a link when the passage has a web address. Anything else (an id, `javascript:`) stays text.
 * @param {Passage} passage
 * @returns {Node | string}
 */
function title({ title: name, url, id }) {
  const label = name || id;
  if (!/^https?:\/\//iu.test(url)) {
    return label;
  }
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, [
    label,
    element("span", { class: "visually-hidden" }, [" (opens the source in a new tab)"]),
  ]);
}

/**
 * @param {Passage} passage
 * @param {string} mode
 */
function places({ dense, lexical, score, rank }, mode) {
  return element("dl", { class: "places" }, [
    ...place("Dense", dense, mode === "lexical" ? "not asked" : "not in its list"),
    ...place("Lexical", lexical, mode === "dense" ? "not asked" : "not in its list"),
    ...(mode === "hybrid" ? place("Fused", { rank, score }, "") : []),
  ]);
}

/**
 * @param {string} label
 * @param {import("./api.js").Place} found
 * @param {string} otherwise
 */
function place(label, found, otherwise) {
  const value = found
    ? [element("span", { class: "rank" }, [`#${found.rank}`]), element("span", { class: "score" }, [formatScore(found.score)])]
    : [element("span", { class: "absent" }, [otherwise])];
  return [element("div", { "data-leg": label.toLowerCase() }, [element("dt", {}, [label]), element("dd", {}, value)])];
}

/**
 * Three significant digits: cosines, BM25 and fused scores live on different scales.
 * @param {number} score
 * @returns {string}
 */
export function formatScore(score) {
  return Math.abs(score) >= 1 ? score.toFixed(2) : score.toPrecision(3);
}

/**
 * @param {HTMLElement} target
 * @param {string} text
 * @param {string} claim
 */
function markClaim(target, text, claim) {
  const found = findClaim(text, claim);
  if (found !== undefined) {
    target.replaceChildren(
      text.slice(0, found.start),
      element("mark", {}, [text.slice(found.start, found.end)]),
      text.slice(found.end),
    );
  }
}

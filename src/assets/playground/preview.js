import { byId, element } from "./dom.js";
import { findClaim } from "./segments.js";

/** Room between the link and the preview, and between the preview and the window's edge. */
const GAP = 8;
const MAX_CHARACTERS = 240;

/** The small window beside a citation that is pointed at. It repeats what the passage list says, so it can be missed. */
export class Preview {
  #root = byId("preview", HTMLDivElement);

  hide() {
    this.#root.hidden = true;
  }

  /**
   * @param {HTMLElement} link
   * @param {import("./api.js").Passage} passage
   * @param {string} claim
   */
  show(link, passage, claim) {
    const found = findClaim(passage.text, claim);
    const quote = found ? passage.text.slice(found.start, found.end) : passage.text;
    const shown = quote.length > MAX_CHARACTERS ? `${quote.slice(0, MAX_CHARACTERS).trimEnd()}…` : quote;
    this.#root.replaceChildren(element("strong", {}, [passage.title || passage.id]), element("span", {}, [shown]));
    this.#root.hidden = false;
    this.#place(link.getBoundingClientRect());
  }

  /** @param {DOMRect} anchor */
  #place(anchor) {
    const { width, height } = this.#root.getBoundingClientRect();
    const left = Math.max(GAP, Math.min(anchor.left + anchor.width / 2 - width / 2, innerWidth - width - GAP));
    const above = anchor.top - height - GAP;
    this.#root.style.left = `${left}px`;
    this.#root.style.top = `${above >= GAP ? above : anchor.bottom + GAP}px`;
  }
}

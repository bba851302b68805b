/**
 * An element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new TypeError(`the page has no ${type.name} #${id}`);
  }
  return element;
}

/**
 * A new element. Children that are strings become text, never markup.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, children = []) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    created.setAttribute(name, value);
  }
  created.append(...children);
  return created;
}

/**
 * Moves the view, gently unless the reader asked for less motion.
 * @param {Element} target
 * @param {"nearest" | "start"} [block]
 */
export function reveal(target, block = "nearest") {
  const gentle = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block, behavior: gentle ? "smooth" : "auto" });
}

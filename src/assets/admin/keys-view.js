import { createKey, fetchKeys, revokeKey, rotateKey } from "./api.js";
import { byId, element } from "../playground/dom.js";
import { fillTable } from "./table.js";

/** @param {(error: unknown) => void} onError */
export function watchKeys(onError) {
  const form = byId("create-form", HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void create()
      .then(() => form.reset())
      .catch(onError);
  });
  showActions = (key) => actions(key, onError);
}

/** @type {(key: import("./api.js").Key) => Node} */
let showActions = () => document.createTextNode("");

export async function showKeys() {
  const keys = await fetchKeys();
  fillTable(
    byId("keys", HTMLTableElement),
    [
      { title: "key", cell: ({ prefix }) => element("code", {}, [`${prefix}_…`]) },
      { title: "tenant", cell: ({ tenant }) => tenant },
      { title: "name", cell: ({ name }) => name },
      { title: "scopes", cell: ({ scopes }) => scopes.join(", ") },
      { title: "collections", cell: ({ collections }) => collections.join(", ") },
      { title: "tier", cell: ({ tier }) => tier },
      { title: "budget", cell: ({ budget }) => (budget.usd === null ? "none" : `$${budget.usd}`) },
      { title: "status", cell: ({ status }) => status },
      { title: "", cell: (key) => showActions(key) },
    ],
    keys,
    { empty: "No keys yet. Keys of the environment (API_KEYS, ADMIN_KEY) are not listed.", isOver: ({ status }) => status !== "active" },
  );
}

async function create() {
  const value = (/** @type {string} */ id) => byId(id, HTMLInputElement).value.trim();
  const scopes = [...document.querySelectorAll("input[name=scope]:checked")].map((box) =>
    box instanceof HTMLInputElement ? box.value : "",
  );
  const grants = value("grants");
  const created = await createKey({
    tenant: value("tenant"),
    name: value("name") || value("tenant"),
    scopes,
    ...(grants === "" ? {} : { collections: grants.split(",").map((name) => name.trim()) }),
    ...(value("tier") === "" ? {} : { tier: value("tier") }),
    ...(value("budget") === "" ? {} : { budget: { usd: Number(value("budget")) } }),
  });
  showOnce(created);
  await showKeys();
}

/** @param {import("./api.js").Key} key */
function showOnce({ key = "", tenant }) {
  const box = byId("new-key", HTMLDivElement);
  const hide = element("button", { type: "button", class: "quiet" }, ["I have it"]);
  hide.addEventListener("click", () => {
    box.replaceChildren();
    box.hidden = true;
  });
  box.replaceChildren(
    element("p", {}, [`The key of ${tenant}. It is shown this once; only its hash is kept.`]),
    element("p", {}, [element("code", { id: "new-key-text" }, [key])]),
    hide,
  );
  box.hidden = false;
}

/**
 * @param {import("./api.js").Key} key
 * @param {(error: unknown) => void} onError
 */
function actions(key, onError) {
  if (key.status === "revoked") {
    return document.createTextNode("");
  }
  /** @type {(label: string, text: string, act: () => Promise<void>) => HTMLElement} */
  const button = (label, text, act) => {
    const created = element("button", { type: "button", class: "quiet" }, [label]);
    created.addEventListener("click", () => {
      void confirmed(`${label} the key ${key.prefix}…?`, text)
        .then((isSure) => (isSure ? act() : undefined))
        .catch(onError);
    });
    return created;
  };
  return element("span", {}, [
    button("Rotate", "It gets a new secret. The old one stops at once.", async () => {
      showOnce(await rotateKey(key.id));
      await showKeys();
    }),
    button("Revoke", "Whoever uses it is refused at once, and for good.", async () => {
      await revokeKey(key.id);
      await showKeys();
    }),
  ]);
}

/**
 * @param {string} title
 * @param {string} text
 * @returns {Promise<boolean>}
 */
function confirmed(title, text) {
  const dialog = byId("confirm", HTMLDialogElement);
  byId("confirm-title", HTMLHeadingElement).textContent = title;
  byId("confirm-text", HTMLParagraphElement).textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

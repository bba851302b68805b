import { AnswerView } from "./answer-view.js";
import { RequestError, fetchCollections, fetchHealth, fetchModels, fetchQuerySide, streamAnswer } from "./api.js";
import { curlCommand } from "./curl-command.js";
import { byId, element, reveal } from "./dom.js";
import { PassagesView } from "./passages-view.js";
import { Preview } from "./preview.js";
import { askForKey, offerCollections, offerModels, offerQuerySide, readKey, readSettings, setMode } from "./settings.js";
import { showTimings } from "./timings-view.js";

/** Questions that the demo corpus answers. */
const EXAMPLES = [
  "Which country has the longest coastline?",
  "What is the capital of Burkina Faso and how many people live there?",
  "What languages are spoken in Switzerland?",
  "How high is the highest point of Nepal?",
  "What does the flag of Brazil look like?",
];
const EXAMPLE_COLLECTION = "factbook";

const question = byId("question", HTMLTextAreaElement);
const askButton = byId("ask", HTMLButtonElement);
const stopButton = byId("stop", HTMLButtonElement);
const copyAnswer = byId("copy-answer", HTMLButtonElement);
const copyCurl = byId("copy-curl", HTMLButtonElement);
const errorBox = byId("error", HTMLDivElement);
const noticeList = byId("notices", HTMLUListElement);
const byline = byId("byline", HTMLParagraphElement);

const preview = new Preview();
const passages = new PassagesView();
const answer = new AnswerView({
  onChoose(citation) {
    preview.hide();
    passages.open(citation);
  },
  onPoint(citation) {
    const passage = citation && passages.passage(citation.passage);
    if (citation && passage) {
      preview.show(citation.link, passage, citation.claim);
    } else {
      preview.hide();
    }
  },
});

/** @type {AbortController | undefined} */
let running;
/** @type {import("./api.js").Health | undefined} */
let health;

function showResult() {
  byId("intro", HTMLElement).hidden = true;
  byId("result", HTMLDivElement).hidden = false;
}

/** The request as it is sent, for the server and for `Copy as curl`. */
function requestBody() {
  const { mode, topK, model, collection, querySide } = readSettings();
  return {
    model,
    stream: true,
    messages: [{ role: "user", content: question.value.trim() }],
    retrieval: { collection, mode, top_k: topK, ...querySide },
  };
}

async function ask() {
  if (question.value.trim() === "") {
    question.focus();
    return;
  }
  // The model and the collection of the request are known then.
  await connected;
  running?.abort();
  const controller = new AbortController();
  running = controller;
  begin();
  const startedAt = performance.now();
  /** @type {number | undefined} */
  let firstWord;
  /** @type {Record<string, number>} */
  let stages = {};
  try {
    const { key, mode } = readSettings();
    for await (const part of streamAnswer(requestBody(), { key, signal: controller.signal })) {
      if (part.type === "retrieval") {
        stages = part.retrieval.timings_ms;
        showRetrieval(part.retrieval, mode);
        byline.textContent = part.requestId && `Request ${part.requestId}`;
      } else if (part.type === "text") {
        firstWord ??= performance.now() - startedAt;
        answer.append(part.text);
      } else if (part.type === "citation") {
        answer.cite(part);
      }
    }
    announce("The answer is complete.");
  } catch (error) {
    // A newer question took over: its own run owns the page.
    if (running === controller) {
      showFailure(error);
    }
  }
  if (running === controller) {
    finish({ stages, firstWord, total: performance.now() - startedAt });
  }
}

function begin() {
  showResult();
  const result = byId("result", HTMLDivElement);
  // On a phone the answer would stream in below the fold.
  if (result.getBoundingClientRect().top > innerHeight * 0.6) {
    reveal(result, "start");
  }
  errorBox.hidden = true;
  noticeList.hidden = true;
  byline.hidden = true;
  copyAnswer.hidden = true;
  byId("timings", HTMLElement).hidden = true;
  byId("passages-summary", HTMLParagraphElement).textContent = "";
  preview.hide();
  passages.clear();
  answer.begin();
  askButton.hidden = true;
  stopButton.hidden = false;
  const { mode } = readSettings();
  history.replaceState(undefined, "", `?${new URLSearchParams({ q: question.value.trim(), mode })}`);
}

/** @param {{ stages: Record<string, number>, firstWord: number | undefined, total: number }} timings */
function finish(timings) {
  running = undefined;
  answer.end();
  const hadFocus = document.activeElement === stopButton;
  stopButton.hidden = true;
  askButton.hidden = false;
  if (hadFocus) {
    question.focus();
  }
  byline.hidden = byline.textContent === "";
  copyAnswer.hidden = answer.text === "";
  if (answer.text !== "") {
    showTimings(timings);
  }
}

/**
 * @param {import("./api.js").Retrieval} retrieval
 * @param {string} mode
 */
function showRetrieval({ passages: found, notices, degraded, collection, query, adapter }, mode) {
  passages.show(found, mode);
  const by = adapter === null ? "" : `, adapter ${adapter.name}`;
  byId("passages-summary", HTMLParagraphElement).textContent = `${found.length} from ${collection}${by}`;
  const messages = [
    ...notices.map(({ message }) => message),
    ...degraded.map(({ leg, reason }) => `The ${leg} search failed, so the other one answers alone: ${reason}`),
    ...(query === question.value.trim() ? [] : [`Searched for: ${query}`]),
  ];
  noticeList.replaceChildren(...messages.map((message) => element("li", {}, [message])));
  noticeList.hidden = messages.length === 0;
}

/** @param {unknown} error */
function showFailure(error) {
  if (error instanceof DOMException && error.name === "AbortError") {
    announce("Stopped.");
    byline.textContent = "Stopped.";
    return;
  }
  const [message, detail] =
    error instanceof RequestError
      ? [error.message, [error.code, error.requestId && `request ${error.requestId}`].filter(Boolean).join(" · ")]
      : ["The page failed to read the answer.", String(error)];
  errorBox.replaceChildren(element("p", {}, [message]), ...(detail ? [element("p", { class: "detail" }, [detail])] : []));
  errorBox.hidden = false;
  if (error instanceof RequestError && error.status === 401) {
    byId("key", HTMLInputElement).focus();
  }
}

/** @param {string} message */
function announce(message) {
  byId("announcer", HTMLParagraphElement).textContent = message;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  announce(button.textContent ?? "");
  setTimeout(() => {
    button.textContent = label;
  }, 1600);
}

function showExamples() {
  const examples = byId("examples", HTMLDivElement);
  examples.hidden = readSettings().collection !== EXAMPLE_COLLECTION;
  examples.replaceChildren(
    ...EXAMPLES.map((text) => {
      const button = element("button", { type: "button", class: "example" }, [text]);
      button.addEventListener("click", () => {
        question.value = text;
        void ask();
      });
      return button;
    }),
  );
}

async function connect() {
  const status = byId("status", HTMLParagraphElement);
  try {
    health = await fetchHealth();
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
    status.dataset["state"] = "down";
    return;
  }
  const { encoder, default_collection: collection, authentication } = health;
  status.dataset["state"] = "up";
  status.textContent = `${encoder.name} · ${authentication === "open" ? "open, no key needed" : "needs a key"}`;
  byId("colophon", HTMLParagraphElement).textContent =
    `Questions are embedded inside the Worker by ${encoder.name} (${encoder.dims} dimensions, ${encoder.dtype}).`;
  offerModels([], health.default_model);
  offerCollections([], collection.name);
  if (authentication === "keys") {
    askForKey(() => void offerChoices());
  }
  await offerChoices();
}

async function offerChoices() {
  if (health === undefined) {
    return;
  }
  const { default_model: model, default_collection: collection, authentication } = health;
  if (authentication === "keys" && readKey() === "") {
    showCollection();
    return;
  }
  try {
    offerModels(await fetchModels(readKey()), model);
    offerCollections((await fetchCollections(readKey())) ?? [], collection.name);
    errorBox.hidden = true;
  } catch (error) {
    showResult();
    showFailure(error);
  }
  showCollection();
  await offerChoicesOfCollection();
}

async function offerChoicesOfCollection() {
  const { collection, key } = readSettings();
  const choices = await fetchQuerySide(collection, key);
  // Another collection may have been chosen meanwhile: its own call shows its choices.
  if (collection === readSettings().collection) {
    offerQuerySide(choices);
  }
}

function showCollection() {
  const { collection } = readSettings();
  const isDemo = collection === EXAMPLE_COLLECTION;
  byId("collection-title", HTMLSpanElement).textContent = isDemo ? "World Factbook" : collection;
  showExamples();
  const known = health?.default_collection;
  if (known?.name === collection && !known.exists) {
    showResult();
    errorBox.replaceChildren(element("p", {}, [`The collection "${collection}" is empty: upload passages first.`]));
    errorBox.hidden = false;
  }
}

byId("form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void ask();
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    void ask();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    preview.hide();
    running?.abort();
  } else if (event.key === "/" && !(event.target instanceof HTMLElement && event.target.closest("input, textarea, select"))) {
    event.preventDefault();
    question.focus();
    reveal(question);
  }
});
stopButton.addEventListener("click", () => running?.abort());
copyAnswer.addEventListener("click", () => void copy(copyAnswer, answer.text));
copyCurl.addEventListener("click", () => {
  const command = curlCommand({ origin: location.origin, body: requestBody(), needsKey: health?.authentication === "keys" });
  void copy(copyCurl, command);
});
byId("collection", HTMLSelectElement).addEventListener("change", () => {
  showCollection();
  void offerChoicesOfCollection();
});
addEventListener("scroll", () => preview.hide(), { passive: true });

// A link to a question asks it: `/?q=...&mode=dense`.
const parameters = new URLSearchParams(location.search);
const linked = parameters.get("q") ?? "";
setMode(parameters.get("mode") ?? "");
question.value = linked;
if (linked === "") {
  // Before anything is fetched: a person types as soon as the page is there.
  question.focus({ preventScroll: true });
}
const connected = connect();
if (linked !== "") {
  void ask();
}

/** The two characters that end a line of an event stream, alone or together. */
const LINE_END = /\r\n|\r|\n/u;

/**
 * Reads the `data` of server-sent events (WHATWG HTML, section 9.2), whatever the pieces that the network cuts them into.
 * Comments and other fields are skipped; an event cut off by the end of the stream is dropped, as the standard says.
 * @param {AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<string>}
 */
export async function* readEventData(stream) {
  const decoder = new TextDecoder();
  let rest = "";
  /** @type {string[]} */
  let data = [];
  for await (const bytes of chunksOf(stream)) {
    rest += decoder.decode(bytes, { stream: true });
    // A CR at the very end may be the first half of CRLF: wait for what follows.
    for (let match = LINE_END.exec(rest); match && !(match[0] === "\r" && match.index === rest.length - 1); match = LINE_END.exec(rest)) {
      const line = rest.slice(0, match.index);
      rest = rest.slice(match.index + match[0].length);
      if (line === "") {
        if (data.length > 0) {
          yield data.join("\n");
        }
        data = [];
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
  }
}

/**
 * Safari cannot iterate a ReadableStream.
 * @param {AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* chunksOf(stream) {
  if (!("getReader" in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield read.value;
    }
  } finally {
    // Leaving early (stop button, error frame) tells the server to stop too.
    await reader.cancel().catch(() => undefined);
  }
}

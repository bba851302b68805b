import { describe, test, vi } from "vitest";
import { splitSentences } from "../../../src/shared/sentences.ts";
import { generate, generateRequest, textOf } from "../../support/collect-generation.ts";
import { ANTHROPIC_STREAM, OPENAI_STREAM, OPENAI_TEXT, WORKERS_AI_STREAM } from "../../support/provider-streams.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";
import { jsonReply, scriptedFetch, serverSentEvents, streamReply } from "../../support/scripted-fetch.ts";
import { targetLm } from "../../support/target-lm-table.ts";

// The rules are tested in Node; here stands what workerd's own streams, signals, timers and ICU have to agree with.

const OPENAI = { provider: "openai-compatible", model: "gpt-5", base_url: "https://lm.example/v1" };
const STREAM = serverSentEvents(OPENAI_STREAM);

describe("target LMs in workerd", () => {
  test.for([1, 3, 1_000])("read a stream in pieces of %d bytes", async (cuts, { expect }) => {
    const { fetch } = scriptedFetch(streamReply(STREAM, { cuts }));
    expect(textOf(await generate(targetLm(OPENAI, { fetch })))).toBe(OPENAI_TEXT);
  });

  test("read Anthropic's and Workers AI's streams", async ({ expect }) => {
    const { fetch } = scriptedFetch(streamReply(serverSentEvents(ANTHROPIC_STREAM, { named: true }), { cuts: 5 }));
    const native = targetLm({ provider: "anthropic", model: "claude", passage_format: "native" }, { fetch });
    const events = await generate(native, { passages: retrievedPassages([{ title: "Canada" }, { title: "Norway" }]) });
    expect(events.map(({ type }) => type)).toContain("native-citation");
    const run = () => Promise.resolve(streamReply(serverSentEvents(WORKERS_AI_STREAM), { cuts: 5 })().body);
    const own = await generate(targetLm({ provider: "workers-ai", model: "@cf/x" }, { ai: { run } }));
    expect(textOf(own)).toBe("Canada’s coast 🍁");
  });

  test.for(["close", "break"] as const)("know a cut from an end: %s", async (ending, { expect }) => {
    const half = serverSentEvents(OPENAI_STREAM.slice(0, 4));
    const { fetch } = scriptedFetch(streamReply(half, { ending }));
    await expect(generate(targetLm(OPENAI, { fetch }))).rejects.toMatchObject({ code: "upstream_cut" });
  });

  test("leave a silent stream", async ({ expect }) => {
    const onCancel = vi.fn<() => void>();
    const { fetch } = scriptedFetch(
      streamReply(serverSentEvents(OPENAI_STREAM.slice(0, 4)), { ending: "hang", onCancel }),
    );
    const target = targetLm({ ...OPENAI, idle_timeout_ms: 50 }, { fetch });
    await expect(generate(target)).rejects.toMatchObject({ code: "upstream_timeout" });
    expect(onCancel).toHaveBeenCalledOnce();
  });

  test("retry, and follow no redirect", async ({ expect }) => {
    const busy = jsonReply({}, { status: 503, headers: { "retry-after-ms": "1" } });
    const { fetch } = scriptedFetch(busy, streamReply(STREAM));
    expect(textOf(await generate(targetLm(OPENAI, { fetch })))).toBe(OPENAI_TEXT);
    const moved = scriptedFetch(() => Response.redirect("http://169.254.169.254/", 302));
    await expect(generate(targetLm(OPENAI, { fetch: moved.fetch }))).rejects.toMatchObject({
      code: "host_not_allowed",
    });
  });

  test("pass an abort on", async ({ expect }) => {
    const controller = new AbortController();
    const { fetch, requests } = scriptedFetch(
      streamReply(serverSentEvents(OPENAI_STREAM.slice(0, 4)), { ending: "hang" }),
    );
    const answer = targetLm(OPENAI, { fetch }).generate(generateRequest(), { signal: controller.signal });
    const events = answer[Symbol.asyncIterator]();
    await events.next();
    controller.abort();
    const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => events });
    await expect(rest).rejects.toMatchObject({ code: "aborted" });
    expect(requests[0]?.init.signal?.aborted).toBe(true);
  });

  test("split sentences as Node does", ({ expect }) => {
    const text = "Canada has 202,080 km (2015 est.) of coast. 北京是首都。人口很多。 It is long.";
    expect(splitSentences(text).map((sentence) => sentence.text)).toEqual([
      "Canada has 202,080 km (2015 est.) of coast.",
      "北京是首都。",
      "人口很多。",
      "It is long.",
    ]);
  });
});

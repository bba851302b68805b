import { describe, test } from "vitest";
import { SupersededError } from "../../../src/generation/superseded.ts";
import { measuredTargetLm } from "../../../src/metrics/measured-target-lm.ts";
import { MetricsHub } from "../../../src/metrics/metrics-hub.ts";
import { MAX_SERIES, Metrics } from "../../../src/metrics/metrics.ts";
import { renderMetrics } from "../../../src/metrics/render-metrics.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { generate } from "../../support/collect-generation.ts";
import { type FakeScript, fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryMetricsSink } from "../../support/memory-metrics-sink.ts";

describe("Prometheus' text", () => {
  test("has a family's help, type and series, labels sorted and escaped", ({ expect }) => {
    const metrics = new Metrics();
    metrics.count("aar_cache_total", { stage: "answer", result: 'a"b\\c\nd' });
    metrics.count("aar_cache_total", { stage: "answer", result: 'a"b\\c\nd' }, 2);
    expect(renderMetrics(metrics.take())).toBe(
      [
        "# HELP aar_cache_total Uses of caches, by stage and result.",
        "# TYPE aar_cache_total counter",
        String.raw`aar_cache_total{result="a\"b\\c\nd",stage="answer"} 3`,
        "",
      ].join("\n"),
    );
  });

  test("counts what is in a bucket in all above it", ({ expect }) => {
    const metrics = new Metrics();
    for (const seconds of [0.004, 0.1, 0.2, 1_000]) {
      metrics.observe("aar_stage_duration_seconds", { stage: "dense" }, seconds);
    }
    const lines = renderMetrics(metrics.take()).split("\n");
    expect(lines.filter((line) => line.includes("_bucket")).map((line) => line.replace(/.*le="/u, ""))).toEqual([
      '0.005",stage="dense"} 1',
      '0.01",stage="dense"} 1',
      '0.025",stage="dense"} 1',
      '0.05",stage="dense"} 1',
      '0.1",stage="dense"} 2',
      '0.25",stage="dense"} 3',
      '0.5",stage="dense"} 3',
      '1",stage="dense"} 3',
      '2.5",stage="dense"} 3',
      '5",stage="dense"} 3',
      '10",stage="dense"} 3',
      '30",stage="dense"} 3',
      '60",stage="dense"} 3',
      '300",stage="dense"} 3',
      '+Inf",stage="dense"} 4',
    ]);
    expect(lines.slice(-3)).toEqual([
      'aar_stage_duration_seconds_sum{stage="dense"} 1000.304',
      'aar_stage_duration_seconds_count{stage="dense"} 4',
      "",
    ]);
  });
});

describe("MetricsHub", () => {
  test("adds up what several isolates count, each handing over every ten seconds", async ({ expect }) => {
    const sink = memoryMetricsSink();
    let now = 0;
    const deferred: Promise<void>[] = [];
    const isolate = () => new MetricsHub({ sink, now: () => now, defer: (work) => deferred.push(work) });
    const [one, other] = [isolate(), isolate()];
    one.metrics.count("aar_degraded_total", { what: "dense" });
    one.tick();
    expect(deferred).toHaveLength(0);
    now = 10_000;
    one.metrics.count("aar_degraded_total", { what: "dense" });
    one.tick();
    one.tick();
    expect(deferred).toHaveLength(1);
    await Promise.all(deferred);
    other.metrics.count("aar_degraded_total", { what: "dense" });
    expect(await other.text()).toContain('aar_degraded_total{what="dense"} 3\n');
    expect(await one.text()).toContain('aar_degraded_total{what="dense"} 3\n');
  });

  test("loses what cannot be handed over, and goes on", async ({ expect }) => {
    let isDown = true;
    const sink = memoryMetricsSink();
    let now = 0;
    const deferred: Promise<void>[] = [];
    const hub = new MetricsHub({
      sink: { ...sink, add: (series) => (isDown ? Promise.reject(new Error("down")) : sink.add(series)) },
      now: () => now,
      defer: (work) => deferred.push(work),
    });
    hub.metrics.count("aar_degraded_total", { what: "dense" });
    now = 10_000;
    hub.tick();
    await Promise.all(deferred);
    isDown = false;
    hub.metrics.count("aar_degraded_total", { what: "lexical" });
    expect(await hub.text()).toMatch(/^[^d]*aar_degraded_total[^]*what="lexical"\} 1\n$/u);
  });
});

test("labels without end do not fill the memory", ({ expect }) => {
  const metrics = new Metrics();
  for (let index = 0; index < MAX_SERIES + 10; index++) {
    metrics.count("aar_degraded_total", { what: String(index) });
  }
  metrics.count("aar_degraded_total", { what: "0" });
  const series = metrics.take();
  expect(Object.keys(series)).toHaveLength(MAX_SERIES);
  expect(series['aar_degraded_total{what="0"}']).toBe(2);
});

describe("a request to a target LM is counted", () => {
  const outcomeOf = async (script: FakeScript, act?: (abort: AbortController) => void): Promise<string[]> => {
    const metrics = new Metrics();
    const abort = new AbortController();
    act?.(abort);
    const target = measuredTargetLm(fakeTargetLm({ name: "lm", script }), { metrics, now: () => 0 });
    await generate(target, {}, abort.signal).catch(() => undefined);
    return Object.keys(metrics.take()).filter((name) => name.startsWith("aar_target_requests_total"));
  };

  test.for<[outcome: string, script: FakeScript, act?: (abort: AbortController) => void]>([
    ["completed", ["word"]],
    ["upstream_cut", ["word", new AppError("upstream_cut", "cut")]],
    ["superseded", ["word"], (abort) => abort.abort(new SupersededError())],
  ])("as %s", async ([outcome, script, act], { expect }) => {
    expect(await outcomeOf(script, act)).toEqual([`aar_target_requests_total{outcome="${outcome}",target="lm"}`]);
  });
});

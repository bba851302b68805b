import { TrainingSession } from "../../../training/autodiff/training-session.ts";
import { createOptimizer } from "../../../training/optim/create-optimizer.ts";
import type { ContrastiveStep, Texts } from "../../torch-peer/contrastive-step.ts";

/** What one training step cost. */
export interface StepCost {
  readonly seconds: number;
  /** Of all threads together: what a loaded machine changes least. */
  readonly cpuSeconds: number;
}

/** Our engine's full training step: forward, backward, clipping, AdamW. */
export class OwnEngine {
  readonly #session: TrainingSession;
  readonly #step: ContrastiveStep;
  readonly #optimizer = createOptimizer({ learningRate: 1e-6 });
  readonly #state: ReturnType<ReturnType<typeof createOptimizer>["init"]>;

  private constructor(session: TrainingSession, step: ContrastiveStep) {
    this.#session = session;
    this.#step = step;
    this.#state = this.#optimizer.init(step.parameters);
  }

  static async open(step: ContrastiveStep, threads: number): Promise<OwnEngine> {
    return new OwnEngine(await TrainingSession.create(step.program, { threads }), step);
  }

  async step(queries: Texts, passages: Texts): Promise<StepCost> {
    const { parameters } = this.#step;
    const feeds = this.#step.feeds(queries, passages);
    const weights = new Map(parameters.map(({ name, data }) => [name, data]));
    return cost(async () => {
      const { gradients } = await this.#session.run({ feeds, weights });
      this.#optimizer.update({ gradients }, this.#state, parameters);
    });
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

export async function cost(action: () => Promise<unknown>): Promise<StepCost> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await action();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

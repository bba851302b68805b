import { AppError, toAppError } from "../../src/shared/errors.ts";
import type { DeploymentContext, DeploymentStep } from "./deployment-step.ts";

export interface DeployOptions extends DeploymentContext {
  readonly steps: readonly DeploymentStep[];
  /** One line for each step, as it is done. */
  readonly log: (line: string) => void;
}

/** What a step said, by its title. */
export type DeploymentReport = Readonly<Record<string, string>>;

/**
 * Runs the steps in their order and stops at the first that fails.
 * @throws AppError that names the step, with the step's own code and words.
 */
export async function deploy({ steps, log, ...context }: DeployOptions): Promise<DeploymentReport> {
  const report: Record<string, string> = {};
  for (const [index, step] of steps.entries()) {
    context.signal.throwIfAborted();
    const place = `[${index + 1}/${steps.length}] ${step.title}`;
    try {
      const said = await step.run(context);
      report[step.title] = said;
      log(`${place}: ${said}`);
    } catch (error) {
      const { code, message, details, isRetryable } = toAppError(error);
      const done = index === 0 ? "nothing was changed" : "what was done before it stays";
      throw new AppError(code, `${place} failed, ${done}; the same command goes on from here.\n${message}`, {
        cause: error,
        details,
        isRetryable,
      });
    }
  }
  return report;
}

/** A start that the reader can mend: what failed, and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

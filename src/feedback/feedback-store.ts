/** What a client said of one passage. */
interface PassageFeedback {
  readonly id: string;
  /** 0: not relevant; higher is better. Absent: not judged. */
  readonly grade?: number;
  /** Whether the answer cited it. */
  readonly cited?: boolean;
}

interface AnswerFeedback {
  readonly rating?: "up" | "down";
  /** The answer as it was given, or as it should have been. */
  readonly text?: string;
}

/** What a client said of the passages and the answer that a query got. */
export interface Feedback {
  readonly query: string;
  /** Of the request that it is about. */
  readonly requestId?: string;
  /** The target LM that answered. */
  readonly model?: string;
  readonly passages: readonly PassageFeedback[];
  readonly answer: AnswerFeedback;
}

export interface StoredFeedback extends Feedback {
  /** Rises with time. */
  readonly id: number;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** Where feedback is kept. Collections must exist. */
export interface FeedbackStore {
  /** Returns its id. */
  add(collection: string, feedback: Feedback): Promise<number>;
  /** In the order of ids, those above `after`, at most `limit`. */
  list(
    collection: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredFeedback[]>;
}

import { describe, it } from "vitest";
import { textOfContent } from "../../../../src/generation/message-text.ts";
import { cutTokens } from "../../../../training/answering/cut-tokens.ts";
import type { Shot } from "../../../../training/answering/protocol.ts";
import { ANSWER_PROTOCOLS } from "../../../../training/answering/protocols.ts";
import type { AnswerProtocolName } from "../../../../training/answering/protocols.ts";
import type { Question } from "../../../../training/answering/question.ts";

const base = { category: undefined, popularity: undefined };
const OPEN: Question = {
  ...base,
  id: "q",
  text: "Who wrote Faust?",
  answers: ["Goethe"],
  choices: undefined,
  subject: "author",
};
const CHOICE: Question = {
  ...base,
  id: "m",
  text: "2 + 2 = ?",
  answers: [],
  choices: { options: ["3", "4", "5", "6"], key: "B" },
  subject: "elementary_mathematics",
};
const PASSAGES = [
  { id: "1", title: "Faust", text: "x".repeat(600) },
  { id: "2", title: "", text: "Second." },
];
const SHOT: Shot = {
  question: { ...OPEN, id: "s", text: "Where is Rome?", answers: ["Italy", "it"] },
  passage: PASSAGES[1],
};

function prompt(
  name: AnswerProtocolName,
  question: Question,
  { shots = [], passages = PASSAGES }: Partial<Prompted> = {},
): string {
  const messages = ANSWER_PROTOCOLS[name].messages({ question, passages, shots, cutTokens });
  return messages.map(({ role, content }) => `${role}: ${textOfContent(content)}`).join("\n");
}

interface Prompted {
  readonly shots: readonly Shot[];
  readonly passages: typeof PASSAGES;
}

describe("PopQA's protocols", () => {
  it("popqa-flan cuts passages at 500 characters, leaves titles out, and asks Q: … A:", ({ expect }) => {
    expect(prompt("popqa-flan", OPEN)).toBe(`user: ${"x".repeat(500)}\n\nSecond.\n\nQ: Who wrote Faust? A:`);
  });

  it("popqa-gpt gives whole passages, and shots with one clipped passage when asked for", ({ expect }) => {
    expect(prompt("popqa-gpt", OPEN, { shots: [SHOT] })).toBe(
      `user: Second.\n\nQ: Where is Rome? A: Italy\n\n${"x".repeat(600)}\n\nSecond.\n\nQ: Who wrote Faust? A:`,
    );
  });

  it("popqa-decoder puts knowledge first, then the shots without theirs", ({ expect }) => {
    expect(prompt("popqa-decoder", OPEN, { shots: [SHOT], passages: PASSAGES.slice(1) })).toBe(
      "user: Knowledge: Second.\n\nQ: Where is Rome? A: Italy\n\nQ: Who wrote Faust? A:",
    );
    expect(prompt("popqa-decoder", OPEN, { passages: [] })).toBe("user: Q: Who wrote Faust? A:");
  });

  it("has the limits of the code: 64, 15 and 16 tokens", ({ expect }) => {
    const { "popqa-flan": flan, "popqa-gpt": gpt, "popqa-decoder": decoder } = ANSWER_PROTOCOLS;
    expect([flan.maxTokens, gpt.maxTokens, decoder.maxTokens]).toEqual([64, 15, 16]);
    expect([flan.shots, gpt.shots, decoder.shots]).toEqual([0, 0, 15]);
  });
});

describe("MMLU's protocols", () => {
  const problem =
    "Here's a problem to solve: 2 + 2 = ?\n\nAmong the 4 following options, which is the correct answer?\n- A: 3\n- B: 4\n- C: 5\n- D: 6";

  it("mmlu-flan and mmlu-gpt ask promptsource's heres_a_problem", ({ expect }) => {
    expect(prompt("mmlu-flan", CHOICE)).toBe(`user: ${"x".repeat(500)}\n\nSecond.\n\n${problem}`);
    expect(prompt("mmlu-gpt", CHOICE, { passages: [] })).toBe(`user: ${problem}\n\nAnswer:`);
  });

  it("mmlu-decoder asks MMLU's official prompt", ({ expect }) => {
    expect(prompt("mmlu-decoder", CHOICE, { passages: [] })).toBe(
      "user: The following are multiple choice questions (with answers) about elementary mathematics.\n\n2 + 2 = ?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:",
    );
  });
});

describe("serve", () => {
  it("is the Worker's prompt: passages fenced in a system message, the bare question without passages", ({
    expect,
  }) => {
    expect(prompt("serve", OPEN)).toMatch(
      /^system: Answer the user's last question.*Title: Faust.*\nuser: Who wrote Faust\?$/su,
    );
    expect(prompt("serve", OPEN, { passages: [] })).toBe("user: Who wrote Faust?");
  });
});

describe("cutTokens", () => {
  it("keeps three words for four tokens, with their white space, and a short text whole", ({ expect }) => {
    expect(cutTokens("one  two three four five", 4)).toBe("one  two three");
    expect(cutTokens("one two", 128)).toBe("one two");
    expect(cutTokens("", 4)).toBe("");
  });
});

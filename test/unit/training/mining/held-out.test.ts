import { describe, it } from "vitest";
import { checkNotHeldOut } from "../../../../training/mining/held-out.ts";
import type { HeldOutCheck } from "../../../../training/mining/held-out.ts";

const base: HeldOutCheck = { folder: "data/docs/", split: "train", splits: ["train", "test"], purpose: "mining" };

describe("checkNotHeldOut", () => {
  it.for(["train", "dev", "val", "contest"])("lets split %s through", (split, { expect }) => {
    expect(() => {
      checkNotHeldOut({ ...base, split });
    }).not.toThrow();
  });

  it.for(["test", "test-seen", "Test2019"])(
    "refuses split %s, whoever allows it, when there is another",
    (split, { expect }) => {
      expect(() => {
        checkNotHeldOut({ ...base, split, allowTest: true });
      }).toThrow(/docs: split "\S+" is a test split and not for mining; the set also has train/u);
    },
  );

  it("takes the test split of a set that has no other only when told to", ({ expect }) => {
    const only = { ...base, split: "test", splits: ["test"] };
    expect(() => {
      checkNotHeldOut(only);
    }).toThrow(/aar -- split/u);
    expect(() => {
      checkNotHeldOut({ ...only, allowTest: true });
    }).not.toThrow();
  });

  it.for(["docs", "docs:train"])("refuses what an experiment holds out as %s", (entry, { expect }) => {
    expect(() => {
      checkNotHeldOut({ ...base, heldOut: ["other", entry], allowTest: true });
    }).toThrow(/docs \(train\) is held out/u);
  });

  it("lets the other splits of a set through when one of them is held out", ({ expect }) => {
    expect(() => {
      checkNotHeldOut({ ...base, heldOut: ["docs:dev", "other"] });
    }).not.toThrow();
  });
});

import { test } from "vitest";
import { parseManifest, verifyFile } from "../../../src/encoder/load-manifest.ts";
import { FAKE_MANIFEST } from "../../support/fake-encoder.ts";

const sha256 = "c".repeat(64);

test("a valid manifest comes back as it was written", ({ expect }) => {
  expect(parseManifest(JSON.stringify(FAKE_MANIFEST))).toEqual(FAKE_MANIFEST);
});

test("text that is not JSON is an invalid artifact", ({ expect }) => {
  expect(() => parseManifest("{")).toThrow(expect.objectContaining({ code: "invalid_artifact" }));
});

test.for([
  { field: "dims", value: 0 },
  { field: "pooling", value: "max" },
  { field: "schemaVersion", value: 2 },
  { field: "dimensions", value: 384 },
  { field: "maxQueryLength", value: 2 },
])("a wrong $field is named", ({ field, value }, { expect }) => {
  expect(() => parseManifest(JSON.stringify({ ...FAKE_MANIFEST, [field]: value }))).toThrow(field);
});

test("a file of the promised size and digest passes", ({ expect }) => {
  const expected = { file: "model.onnx", bytes: 3, sha256 };
  expect(() => {
    verifyFile(expected, { bytes: 3, sha256 });
  }).not.toThrow();
});

test.for([
  { what: "a truncated file", actual: { bytes: 2, sha256 }, message: "model.onnx has 2 bytes, its manifest says 3" },
  {
    what: "another file of the same size",
    actual: { bytes: 3, sha256: "d".repeat(64) },
    message: `model.onnx has sha256 ${"d".repeat(64)}, its manifest says ${sha256}`,
  },
])("$what is refused", ({ actual, message }, { expect }) => {
  expect(() => {
    verifyFile({ file: "model.onnx", bytes: 3, sha256 }, actual);
  }).toThrow(message);
});

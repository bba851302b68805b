import { open, realpath } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import type { ModelProto, StringStringEntryProto, TensorProto } from "./proto.ts";
import { DATA_LOCATION_EXTERNAL } from "./validate.ts";

/**
 * Loads the initializers that a model keeps in other files (PyTorch's newer exporter does so by default) and makes them
 * part of the model. Only files inside `folder` are opened, symbolic links followed; anything else is refused, because a
 * model from elsewhere must not read the rest of the disk. Throws AppError `invalid_artifact`.
 */
export async function loadExternalData(model: ModelProto, folder: string): Promise<void> {
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.dataLocation === DATA_LOCATION_EXTERNAL) {
      tensor.rawData = await readSlice(tensor, folder);
      tensor.externalData = [];
      tensor.dataLocation = 0;
    }
  }
}

async function readSlice(tensor: TensorProto, folder: string): Promise<Uint8Array> {
  const location = entry(tensor.externalData, "location");
  const file = await confine(location, folder, tensor.name);
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const offset = parseCount(entry(tensor.externalData, "offset", "0"), tensor.name);
    const length = parseCount(entry(tensor.externalData, "length", String(Math.max(0, size - offset))), tensor.name);
    if (offset + length > size) {
      fail(`tensor "${tensor.name}" ends at byte ${offset + length} of "${location}", which has ${size}`);
    }
    const bytes = new Uint8Array(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    if (bytesRead !== length) {
      fail(`tensor "${tensor.name}": read ${bytesRead} of ${length} bytes from "${location}"`);
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

async function confine(location: string, folder: string, tensorName: string): Promise<string> {
  const root = await realpath(folder);
  const file = await realpath(path.resolve(root, location)).catch((error: unknown) => {
    throw new AppError("invalid_artifact", `tensor "${tensorName}" needs the file "${location}", which is not there`, {
      cause: error,
    });
  });
  if (path.isAbsolute(location) || !file.startsWith(root + path.sep)) {
    fail(`tensor "${tensorName}" points to "${location}", outside of the model's folder`);
  }
  return file;
}

function entry(entries: readonly StringStringEntryProto[], key: string, fallback = ""): string {
  return entries.find((candidate) => candidate.key === key)?.value ?? fallback;
}

function parseCount(text: string, tensorName: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    fail(`tensor "${tensorName}" has external offset or length "${text}"`);
  }
  return value;
}

function fail(message: string): never {
  throw new AppError("invalid_artifact", message);
}

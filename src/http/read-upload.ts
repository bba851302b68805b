import { AppError } from "../shared/errors.ts";
import { invalidRequest } from "./read-json.ts";
import { filePurposeSchema } from "./schemas/files.ts";

/** A file that came as a form. */
export interface UploadedFile {
  readonly file: File;
  readonly purpose: string;
}

/** A file of 16 MiB and the form around it. The form is in memory as a whole: the platform parses it. */
const FORM_LIMIT_BYTES = 17 * 1024 * 1024;

/**
 * Reads OpenAI's upload of a file: a form with `file` and `purpose`.
 *
 * @throws AppError `body_too_large`, or `invalid_request` with the field's name.
 */
export async function readUpload(request: Request): Promise<UploadedFile> {
  if (Number(request.headers.get("content-length") ?? 0) > FORM_LIMIT_BYTES) {
    throw tooLarge();
  }
  const form = await parseForm(request);
  const purpose = filePurposeSchema.safeParse(form.get("purpose"));
  if (!purpose.success) {
    throw invalidRequest(purpose.error, ["purpose"]);
  }
  const file: unknown = form.get("file");
  if (!(file instanceof File)) {
    throw new AppError("invalid_request", "file: expected a file in the form", { details: { param: "file" } });
  }
  if (file.size > FORM_LIMIT_BYTES) {
    throw tooLarge();
  }
  return { file, purpose: purpose.data };
}

async function parseForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_request", `expected a multipart/form-data body: ${reason}`, { cause });
  }
}

function tooLarge(): AppError {
  return new AppError(
    "body_too_large",
    `the upload has more than the ${FORM_LIMIT_BYTES} bytes that this route takes`,
    {
      details: { limitBytes: FORM_LIMIT_BYTES },
    },
  );
}

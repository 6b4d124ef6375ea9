/** Which files does a SPEC argument name, and what text do they hold? */

import { open, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Problem, Read } from "../core/problem.ts";

const MAX_SPEC_BYTES = 1 << 20;
type Fault = { readonly code: Problem["code"]; readonly message: string; readonly hint: string };

const YAML_FILE = /\.ya?ml$/i;

/** The files behind SPEC arguments, as the user would write them: a folder stands for its spec. */
export async function specFiles(
  paths: readonly string[],
  cwd: string,
): Promise<Read<readonly string[]>> {
  const files: string[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const found = await specFile(path, cwd);
    if (typeof found === "string") files.push(found);
    else problems.push(found);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: files, problems };
}

async function specFile(path: string, cwd: string): Promise<string | Problem> {
  const found = await stat(resolve(cwd, path)).catch(() => undefined);
  if (found === undefined) {
    return fault(path, {
      code: "SPEC_NOT_FOUND",
      message: `${path} does not exist`,
      hint: "Name a spec file or its folder.",
    });
  }
  if (found.isFile()) return path;
  if (!found.isDirectory()) {
    return fault(path, {
      code: "SPEC_UNREADABLE",
      message: `${path} is neither a file nor a folder`,
      hint: "Name a file.",
    });
  }
  const yamlFiles = (await readdir(resolve(cwd, path))).filter((name) => YAML_FILE.test(name));
  const named = ["endpoint.yml", "endpoint.yaml"].find((name) => yamlFiles.includes(name));
  const chosen = named ?? (yamlFiles.length === 1 ? yamlFiles[0] : undefined);
  if (chosen !== undefined) return join(path, chosen);
  const held = yamlFiles.length === 0 ? "no YAML file" : `${yamlFiles.length} YAML files`;
  return fault(path, {
    code: "SPEC_NOT_FOUND",
    message: `${path} holds ${held}, must hold endpoint.yml or exactly one YAML file`,
    hint: "Name the spec file itself.",
  });
}

/** The text of a spec; its size is looked at before a byte is read, and again while reading. */
export async function readSpecText(path: string, cwd: string): Promise<Read<string>> {
  const bytes = await readBounded(resolve(cwd, path)).catch(
    (error: unknown) => `${path} cannot be read: ${(error as Error).message}`,
  );
  if (typeof bytes === "string") {
    return refuse(
      fault(path, { code: "SPEC_UNREADABLE", message: bytes, hint: "Make the file readable." }),
    );
  }
  if (bytes.length > MAX_SPEC_BYTES) {
    return refuse(
      fault(path, {
        code: "SPEC_TOO_LARGE",
        message: `${path} is larger than ${MAX_SPEC_BYTES} bytes, the most that a spec may have`,
        hint: "Check that this file is a spec, not a model.",
      }),
    );
  }
  const text = decode(bytes);
  if (text === undefined) {
    return refuse(
      fault(path, {
        code: "SPEC_NOT_TEXT",
        message: `${path} is a binary file, must be UTF-8 text`,
        hint: "Check that this file is a spec, or save it as UTF-8.",
      }),
    );
  }
  return { ok: true, value: text, problems: [] };
}

/** At most one byte over the limit, which is enough to know that the file is too large. */
async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, MAX_SPEC_BYTES) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A fault of a whole file. */
function fault(file: string, { code, message, hint }: Fault): Problem {
  return { code, severity: "error", message, at: { file, line: 1, col: 1, path: "" }, hint };
}

function refuse(problem: Problem): { readonly ok: false; readonly problems: readonly Problem[] } {
  return { ok: false, problems: [problem] };
}

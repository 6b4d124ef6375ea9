/** Which files does a SPEC argument name, and what text do they hold? */

import { open, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Place, Problem, Read } from "../../core/problem.ts";

const MAX_SPEC_BYTES = 1 << 20;
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
    return pathFault("SPEC_NOT_FOUND", `${path} does not exist`, "Name a spec file or its folder.");
  }
  if (found.isFile()) return path;
  const names = found.isDirectory() ? await readdir(resolve(cwd, path)).catch(() => undefined) : [];
  if (names === undefined || !found.isDirectory()) {
    const what = found.isDirectory() ? "cannot be listed" : "is neither a file nor a folder";
    return pathFault("SPEC_UNREADABLE", `${path} ${what}`, "Name the spec file itself.");
  }
  const yamlFiles = names.filter((name) => YAML_FILE.test(name));
  const named = ["endpoint.yml", "endpoint.yaml"].find((name) => yamlFiles.includes(name));
  const chosen = named ?? (yamlFiles.length === 1 ? yamlFiles[0] : undefined);
  if (chosen !== undefined) return join(path, chosen);
  const held = yamlFiles.length === 0 ? "no YAML file" : `${yamlFiles.length} YAML files`;
  return pathFault(
    "SPEC_NOT_FOUND",
    `${path} holds ${held}, must hold endpoint.yml or exactly one YAML file`,
    "Name the spec file itself.",
  );
}

/** The text of a spec; its size is looked at before a byte is read. */
export async function readSpecText(path: string, cwd: string): Promise<Read<string>> {
  const bytes = await readBounded(resolve(cwd, path)).catch((error: unknown) => error as Error);
  if (bytes instanceof Error) {
    const message = `${path} cannot be read: ${bytes.message}`;
    return refuse(pathFault("SPEC_UNREADABLE", message, "Make the file readable."));
  }
  if (bytes === "too large") {
    return refuse({
      ...pathFault(
        "SPEC_TOO_LARGE",
        `${path} is larger than ${MAX_SPEC_BYTES} bytes, the most that a spec may have`,
        "Check that this file is a spec, not a model.",
      ),
      at: startOf(path),
    });
  }
  const text = decode(bytes);
  if (text === undefined) {
    return refuse({
      ...pathFault(
        "SPEC_NOT_TEXT",
        `${path} is a binary file, must be UTF-8 text`,
        "Check that this file is a spec, or save it as UTF-8.",
      ),
      at: startOf(path),
    });
  }
  return { ok: true, value: text, problems: [] };
}

/** Also of a file that grows while it is read. */
async function readBounded(path: string): Promise<Uint8Array | "too large"> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > MAX_SPEC_BYTES) return "too large";
    const buffer = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(buffer, length, size - length, length);
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

/** What cannot be opened has no line to point at. */
function pathFault(code: Problem["code"], message: string, hint: string): Problem {
  return { code, severity: "error", message, hint };
}

function startOf(file: string): Place {
  return { file, line: 1, col: 1, path: "" };
}

function refuse(problem: Problem): { readonly ok: false; readonly problems: readonly Problem[] } {
  return { ok: false, problems: [problem] };
}

/** Where do an endpoint's credentials lie? In a file of their own that only its user can read. */

import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { userError } from "../core/problem.ts";
import type { Problem, UserError } from "../core/problem.ts";
import { createCredentials } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";

export type KeptCredentials = {
  readonly credentials: Credentials;
  readonly file: string;
  /** Whether they were made just now. */
  readonly fresh: boolean;
  readonly problems: readonly Problem[];
};

/** Names compare without case, as Azure's do. */
export function credentialFile(home: string, endpoint: string): string {
  return join(home, "credentials", `${endpoint.toLowerCase()}.json`);
}

/** The endpoint's credentials; without any `undefined`. @throws UserError CREDENTIAL_FILE */
export async function readCredentials(file: string): Promise<KeptCredentials | undefined> {
  let text: string;
  let mode: number;
  try {
    text = await readFile(file, "utf8");
    ({ mode } = await stat(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFault(error, file, "read");
  }
  return { credentials: parse(text, file), file, fresh: false, problems: openToOthers(file, mode) };
}

/** The same, made now where there are none. Who comes second gets what the first has made. */
export async function ensureCredentials(file: string): Promise<KeptCredentials> {
  const known = await readCredentials(file);
  if (known !== undefined) return known;
  const credentials = createCredentials();
  const draft = await writeDraft(file, credentials);
  try {
    await link(draft, file);
    return { credentials, file, fresh: true, problems: [] };
  } catch (error) {
    const other = await readCredentials(file);
    if (other !== undefined) return other;
    throw fileFault(error, file, "written");
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces them as one step, while nobody else changes them. @throws UserError CREDENTIAL_FILE */
export async function changeCredentials(
  file: string,
  change: (credentials: Credentials) => Credentials,
): Promise<KeptCredentials> {
  await ensureCredentials(file);
  const lock = `${file}.lock`;
  try {
    await (await open(lock, "wx", 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileFault(error, file, "written");
    throw userError("CREDENTIAL_FILE", `${file} is being changed by another process`, {
      hint: `Try again; where no other process runs, remove ${lock}.`,
    });
  }
  try {
    const { credentials: before, problems } = await ensureCredentials(file);
    const credentials = change(before);
    const draft = await writeDraft(file, credentials);
    await rename(draft, file);
    return { credentials, file, fresh: false, problems };
  } finally {
    await rm(lock, { force: true });
  }
}

/** A whole file beside the real one, on the disk before anybody sees it. */
async function writeDraft(file: string, credentials: Credentials): Promise<string> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ format: 1, ...credentials }, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return draft;
  } catch (error) {
    throw fileFault(error, file, "written");
  }
}

function parse(text: string, file: string): Credentials {
  try {
    const { format, primaryKey, secondaryKey, signingKey } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    if (
      format === 1 &&
      typeof primaryKey === "string" &&
      typeof secondaryKey === "string" &&
      typeof signingKey === "string"
    )
      return { primaryKey, secondaryKey, signingKey };
  } catch {
    // Said below, as for any other text.
  }
  throw userError("CREDENTIAL_FILE", `${file} is not a credential file of edgewright`, {
    hint: "Restore it from a copy; without it new keys are made, and devices refuse them until they get a new manifest.",
  });
}

/** Where the file system has no such modes (Windows), there is nothing to say. */
function openToOthers(file: string, mode: number): readonly Problem[] {
  if (process.platform === "win32" || (mode & 0o077) === 0) return [];
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return [
    {
      code: "CREDENTIAL_FILE",
      severity: "warning",
      message: `${file} has the mode ${octal}: others than its owner can read it, expected 0600`,
      hint: `Run chmod 600 ${file}, and rotate the keys if somebody has.`,
    },
  ];
}

function fileFault(error: unknown, file: string, what: "read" | "written"): UserError {
  const { code, message } = error as NodeJS.ErrnoException;
  return userError("CREDENTIAL_FILE", `${file} cannot be ${what}: ${code ?? message}`, {
    hint: "Give this user the right to, or name another folder in EDGEWRIGHT_HOME.",
  });
}

/** From a SPEC to the credentials of its endpoint: what `keys`, `token`, `score` and others begin with. */

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Problem, Read } from "../../core/problem.ts";
import {
  credentialFile,
  ensureCredentials,
  readCredentials,
} from "../../credentials/credential-file.ts";
import type { KeptCredentials } from "../../credentials/credential-file.ts";
import type { Credentials } from "../../credentials/credentials.ts";
import { signToken } from "../../credentials/token.ts";
import type { AccessToken } from "../../credentials/token.ts";
import { loadSpec } from "../../spec/load.ts";
import type { AuthMode, ResolvedEndpoint } from "../../spec/resolved.ts";
import { UsageError } from "../command.ts";
import type { Invocation } from "../command.ts";
import { storeFolder } from "./endpoint.ts";

/** The endpoint as its spec says; its models are not looked at. */
export async function endpointOfSpec(
  specs: readonly string[],
  invocation: Invocation,
): Promise<Read<ResolvedEndpoint>> {
  if (specs.length === 0)
    throw new UsageError("a SPEC is missing: a file, several files, or a folder");
  const context = { cwd: invocation.cwd, modelStore: storeFolder(invocation) };
  const read = await loadSpec(specs, context);
  return read.ok ? { ...read, value: read.value.endpoint } : read;
}

export function credentialFileOf(invocation: Invocation, endpoint: string): string {
  return credentialFile(storeFolder(invocation), endpoint);
}

/** Made where there are none yet; says so when nobody asked for them. */
export async function credentialsFor(
  endpoint: string,
  invocation: Invocation,
): Promise<KeptCredentials> {
  const kept = await ensureCredentials(credentialFileOf(invocation, endpoint));
  if (kept.fresh) invocation.progress(`made the credentials of ${endpoint}: ${kept.file}`);
  return kept;
}

/** A token that begins now. */
export function tokenFor(
  endpoint: string,
  credentials: Credentials,
  lifetimeSeconds: number,
): AccessToken {
  const issuedAt = Math.floor(Date.now() / 1000);
  return signToken(credentials, { endpoint, lifetimeSeconds, issuedAt });
}

/** A credential of this kind opens nothing where the endpoint takes another. */
export function misfit(mode: AuthMode, kind: "key" | "aml_token"): readonly Problem[] {
  if (mode === kind) return [];
  const takes = {
    key: "takes keys",
    aml_token: "takes tokens",
    aad_token: "takes tokens of Entra ID",
    none: "asks for no credentials",
  };
  const other = {
    key: "Show them with edgewright keys show SPEC.",
    aml_token: "Make one with edgewright token SPEC.",
    aad_token: `Write auth_mode: ${kind}.`,
    none: `Write auth_mode: ${kind}.`,
  };
  return [
    {
      code: "CLI_CREDENTIALS",
      severity: "warning",
      message: `auth_mode is ${mode}: the endpoint ${takes[mode]}, and a ${kind === "key" ? "key" : "token of ours"} lets nobody in`,
      hint: other[mode],
    },
  ];
}

/** Shorter texts stand everywhere by chance. */
const LEAST_SECRET = 16;

/** Everything secret in this user's credential files: what no image may hold. */
export async function secretValues(invocation: Invocation): Promise<readonly string[]> {
  const folder = dirname(credentialFileOf(invocation, "any"));
  const names = await readdir(folder).catch(() => []);
  const values: string[] = [];
  for (const name of names) {
    if (!name.endsWith(".json")) continue;
    const kept = await readCredentials(join(folder, name));
    values.push(...textsOf(kept?.credentials));
  }
  return values;
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value.length >= LEAST_SECRET ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    /public/iu.test(name) ? [] : textsOf(inner),
  );
}

/** `edgewright keys show|rotate SPEC`: the keys of an endpoint, on the machine of its owner. */

import { changeCredentials, ensureCredentials } from "../../credentials/credential-file.ts";
import type { KeptCredentials } from "../../credentials/credential-file.ts";
import { CREDENTIAL_NAMES, publicParts, rotateCredential } from "../../credentials/credentials.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { UsageError } from "../command.ts";
import type { Command, Invocation, Outcome } from "../command.ts";
import { credentialFileOf, endpointOfSpec, misfit } from "../given/credentials.ts";

export const KEYS: Command = {
  name: "keys",
  usage: "show SPEC... | rotate SPEC... --key primary|secondary|token",
  summary: "the keys of an endpoint: both are valid at once, so that one can be replaced",
  options: {
    key: {
      type: "string",
      value: "NAME",
      summary: "of rotate: primary, secondary, or token for the key that signs tokens",
    },
  },
  run: async (invocation): Promise<Outcome> => {
    const [verb, ...specs] = invocation.args;
    if (verb !== "show" && verb !== "rotate") throw new UsageError("keys takes show or rotate");
    const change = verb === "rotate" ? parseChange(invocation) : undefined;
    const read = await endpointOfSpec(specs, invocation);
    if (!read.ok) return { problems: read.problems };
    const endpoint = read.value;
    const file = credentialFileOf(invocation, endpoint.name);
    const kept =
      change === undefined ? await ensureCredentials(file) : await changeCredentials(file, change);
    const problems = [...kept.problems, ...misfit(endpoint.authMode, "key")];
    return { problems, ...shown(endpoint, kept, change !== undefined) };
  },
};

function parseChange({ options }: Invocation) {
  const name = CREDENTIAL_NAMES.find((known) => known === options["key"]);
  if (name === undefined)
    throw new UsageError(`keys rotate needs --key ${CREDENTIAL_NAMES.join(", --key ")}`);
  return (credentials: KeptCredentials["credentials"]) => rotateCredential(credentials, name);
}

function shown(
  { name, authMode }: ResolvedEndpoint,
  { credentials, file }: KeptCredentials,
  rotated: boolean,
): Omit<Outcome, "problems"> {
  const { primaryKey, secondaryKey } = credentials;
  const lines = [`primary    ${primaryKey}`, `secondary  ${secondaryKey}`];
  if (rotated) lines.push("devices know it when they get a manifest that build writes from now on");
  const hashes = publicParts(credentials, "key");
  const json = { endpoint: name, authMode, primaryKey, secondaryKey, hashes, file };
  return { json, text: lines.join("\n") };
}

/** `edgewright token SPEC`: a signed token that lets its bearer in for a while. */

import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { credentialsFor, endpointOfSpec, misfit, tokenFor } from "../given/credentials.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_LIFETIME_SECONDS = 366 * 86_400;

export const TOKEN: Command = {
  name: "token",
  usage: "SPEC...",
  summary: "a signed token for an endpoint with auth_mode aml_token; devices verify it offline",
  options: {
    lifetime: {
      type: "string",
      value: "TIME",
      summary: "e.g. 90s, 30m, 12h (the default), 30d",
    },
  },
  run: async (invocation) => {
    const { lifetime } = invocation.options;
    const lifetimeSeconds = parseLifetime(typeof lifetime === "string" ? lifetime : "12h");
    const read = await endpointOfSpec(invocation.args, invocation);
    if (!read.ok) return { problems: read.problems };
    const { name, authMode } = read.value;
    const kept = await credentialsFor(name, invocation);
    const token = tokenFor(name, kept.credentials, lifetimeSeconds);
    const problems = [...kept.problems, ...misfit(authMode, "aml_token")];
    return { problems, json: token, text: token.accessToken };
  },
};

function parseLifetime(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,9})([smhd])$/u.exec(text) ?? [];
  const seconds = Number(amount) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= MAX_LIFETIME_SECONDS) return seconds;
  throw new UsageError(`--lifetime is '${text}', expected 1s to 366d: 90s, 30m, 12h, 30d`);
}

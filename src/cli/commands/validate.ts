/** `edgewright validate SPEC`: every problem of a spec, its models and its scripts. */

import { hasErrors } from "../../core/problem.ts";
import type { Command } from "../command.ts";
import { DEVICE_OPTION, loadEndpoint } from "../given/endpoint.ts";
import { scriptSyntax } from "../machine/script-syntax.ts";

export const VALIDATE: Command = {
  name: "validate",
  usage: "SPEC...",
  summary: "all problems of a spec, its models and scripts, each with its place",
  options: {
    ...DEVICE_OPTION,
    resolved: { type: "boolean", summary: "print the resolved endpoint as JSON" },
  },
  run: async (invocation) => {
    const read = await loadEndpoint(invocation);
    if (!read.ok) return { problems: read.problems };
    const { endpoint } = read.value;
    const problems = [...read.problems, ...(await scriptSyntax(endpoint, invocation))];
    if (hasErrors(problems)) return { problems };
    const text = invocation.options["resolved"]
      ? JSON.stringify(endpoint, null, 2)
      : `${endpoint.name} is valid: ${endpoint.deployments.map(({ name }) => name).join(", ")}`;
    return { problems, json: { endpoint }, text };
  },
};

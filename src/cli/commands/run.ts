/** `edgewright run SPEC`: the runtime on this machine, now. */

import { statSync } from "node:fs";
import { isIPv4 } from "node:net";
import { resolve } from "node:path";

import { hasErrors } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { publicParts } from "../../credentials/credentials.ts";
import type { ServeOptions } from "../../runtime/serve.ts";
import type { LocalOptions } from "../../runtime/local.ts";
import { parseLogLevel, parsePort } from "../../runtime/settings.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { checkAddress } from "../machine/address.ts";
import { flagValue, UsageError } from "../command.ts";
import type { Command, Invocation } from "../command.ts";
import { credentialsFor } from "../given/credentials.ts";
import { DEVICE_OPTION, loadEndpoint } from "../given/endpoint.ts";
import { startLocalRuntime } from "../machine/local-runtime.ts";
import { MODEL_OPTIONS, servedFrom } from "../given/models.ts";
import { askedPython, interpretersOf } from "../machine/python.ts";

export const RUN: Command = {
  name: "run",
  usage: "SPEC...",
  summary: "the runtime on this machine, until it is stopped",
  options: {
    port: {
      type: "string",
      short: "p",
      value: "PORT",
      summary: "5001 otherwise; 0 picks a free one",
    },
    host: { type: "string", value: "ADDRESS", summary: "127.0.0.1 otherwise" },
    auth: {
      type: "boolean",
      summary: "ask for credentials, as on every address that others can reach",
    },
    "metrics-port": {
      type: "string",
      value: "PORT",
      summary: "serve /metrics there too, alone and without credentials",
    },
    "log-level": {
      type: "string",
      value: "LEVEL",
      summary: "debug, info (the default with a script), warn (without one) or error",
    },
    python: {
      type: "string",
      value: "PATH",
      summary: "interpreter of scoring scripts; otherwise the first that has all they import",
    },
    data: {
      type: "string",
      value: "DIR",
      summary: "of a batch endpoint: the folder that its jobs read and write",
    },
    watch: { type: "boolean", summary: "load a scoring script again when it is saved" },
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const { port, host, metricsPort, logLevel, watch } = flagValue(() => readOptions(invocation));
    const read = await loadEndpoint(invocation);
    if (!read.ok) return { problems: read.problems };
    const endpoint = servedFrom(read.value.endpoint, read.value.models);
    const problems = [...read.problems];
    const folders = dataFolders(endpoint, invocation);
    await checkAddress(host, port);
    const asked = invocation.options["auth"] === true || !isLoopback(host);
    const { auth, problems: found } = await authFor(invocation, endpoint, asked);
    problems.push(...found);
    if (hasErrors(problems)) return { problems };
    const deployments = endpoint.deployments.map(({ name }) => name);
    const { signal } = invocation;
    const metrics = metricsPort === undefined ? {} : { metricsPort };
    const scripts = await scriptHost(endpoint, invocation);
    problems.push(...scripts.problems);
    const local = { logLevel: logLevel ?? defaultLevel(endpoint), watch, scripts: scripts.host };
    const jobs = { folders, logLevel: local.logLevel };
    const options = { endpoint, host, port, auth, jobs, ...local, ...metrics };
    const { url, metricsUrl, pid, stop, ended } = await startLocalRuntime(options);
    invocation.announce({
      problems,
      json: { url, pid, deployments, ...(metricsUrl && { metricsUrl }) },
      text: `${endpoint.name} is ready at ${url} (pid ${pid}): ${deployments.join(", ")}${metricsUrl ? `; metrics at ${metricsUrl}/metrics` : ""}`,
    });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    await ended;
    return undefined;
  },
};

/** A batch endpoint takes jobs: where they may read and write is for whoever runs it to say. */
function dataFolders({ kind }: ResolvedEndpoint, { options, cwd }: Invocation): readonly string[] {
  const { data } = options;
  if (kind !== "batch") {
    if (data === undefined) return [];
    throw new UsageError("--data is for batch endpoints, and this is an online endpoint");
  }
  if (typeof data !== "string") {
    throw new UsageError("run of a batch endpoint needs --data DIR, for the files of its jobs");
  }
  const folder = resolve(cwd, data);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return [folder];
  throw new UsageError(`--data is ${folder}, which is no folder`);
}

/** What a script prints is what its author looks for. */
function defaultLevel({ deployments }: ResolvedEndpoint): LocalOptions["logLevel"] {
  return deployments.some(({ script }) => script !== undefined) ? "info" : "warn";
}

async function scriptHost(
  endpoint: ResolvedEndpoint,
  { options, env, cwd, progress }: Invocation,
): Promise<{
  readonly host: NonNullable<ServeOptions["scripts"]>;
  readonly problems: readonly Problem[];
}> {
  const asked = askedPython(options["python"], cwd);
  const { byDeployment, problems } = await interpretersOf(endpoint, { asked, env });
  for (const [name, { path, version }] of byDeployment)
    progress(`${name}: ${path} (Python ${version})`);
  const python = Object.fromEntries([...byDeployment].map(([name, { path }]) => [name, path]));
  // Who edits a script wants the next try, not the end.
  const onFailedStart = options["watch"] === true ? ("retry" as const) : ("throw" as const);
  return { host: { python, env, onFailedStart }, problems };
}

/** On this machine alone nobody needs a key, as Azure's local endpoints ask for none. */
async function authFor(
  invocation: Invocation,
  { name, authMode }: ResolvedEndpoint,
  asked: boolean,
): Promise<{ auth: ServeOptions["auth"]; problems: readonly Problem[] }> {
  const open = { auth: { mode: "none", keys: [] } } as const;
  if (authMode === "none" && invocation.options["auth"] === true) {
    const message = "auth_mode is none, and --auth asks for credentials";
    const hint = "Write auth_mode: key, or leave --auth out.";
    return { ...open, problems: [{ code: "CLI_CREDENTIALS", severity: "error", message, hint }] };
  }
  if (!asked || authMode === "none") return { ...open, problems: [] };
  const { credentials, problems } = await credentialsFor(name, invocation);
  return { auth: { mode: authMode, keys: publicParts(credentials, authMode) }, problems };
}

/** Whether only this machine can reach an address; a name like 127.example.com says nothing. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function readOptions({ options }: Invocation) {
  const text = (name: string, otherwise: string): string => {
    const value = options[name];
    return typeof value === "string" ? value : otherwise;
  };
  const metricsPort = options["metrics-port"];
  const level = options["log-level"];
  return {
    ...(typeof metricsPort === "string" && {
      metricsPort: parsePort(metricsPort, "--metrics-port"),
    }),
    port: parsePort(text("port", "5001"), "--port"),
    host: text("host", "127.0.0.1"),
    ...(typeof level === "string" && { logLevel: parseLogLevel(level, "--log-level") }),
    watch: options["watch"] === true,
  };
}

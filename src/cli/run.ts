/** `edgewright run SPEC`: the runtime on this machine, now. */

import { once } from "node:events";

import { hasErrors } from "../core/problem.ts";
import { createLog } from "../runtime/log.ts";
import { serve } from "../runtime/serve.ts";
import { parseLogLevel, parsePort } from "../runtime/settings.ts";
import type { Command, Invocation } from "./command.ts";
import { DEVICE_OPTION, loadEndpoint } from "./endpoint.ts";
import { INSECURE_OPTION, isLoopback, openDoor } from "./open-door.ts";
import { servable } from "./servable.ts";

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
    "log-level": {
      type: "string",
      value: "LEVEL",
      summary: "debug, info, warn (the default here) or error",
    },
    ...DEVICE_OPTION,
    ...INSECURE_OPTION,
  },
  run: async (invocation) => {
    const { port, host, logLevel } = readOptions(invocation);
    const read = await loadEndpoint(invocation);
    if (!read.ok) return { problems: read.problems };
    const problems = [
      ...read.problems,
      ...servable(read.value),
      ...(isLoopback(host) ? [] : openDoor(read.value.authMode, host, invocation.options)),
    ];
    if (hasErrors(problems)) return { problems };
    const endpoint = read.value;
    const deployments = endpoint.deployments.map(({ name }) => name);
    const log = createLog(logLevel, process.stderr);
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const { signal } = invocation;
    const { url, stop } = await serve({
      endpoint,
      host,
      port,
      log,
      clock,
      scripts: {
        python: () => "/usr/bin/python3",
        env: invocation.env,
        onFailedStart: "throw",
      },
    });
    invocation.announce({
      problems,
      json: { url, pid: process.pid, deployments },
      text: `${endpoint.name} is ready at ${url} (pid ${process.pid}): ${deployments.join(", ")}`,
    });
    if (!signal.aborted) await once(signal, "abort");
    await stop();
    return undefined;
  },
};

function readOptions({ options }: Invocation) {
  const text = (name: string, otherwise: string): string => {
    const value = options[name];
    return typeof value === "string" ? value : otherwise;
  };
  return {
    port: parsePort(text("port", "5001"), "--port"),
    host: text("host", "127.0.0.1"),
    logLevel: parseLogLevel(text("log-level", "warn"), "--log-level"),
  };
}

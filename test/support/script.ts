/** A scoring script that is served in this process, for one test. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Log, LogFields } from "../../src/core/ports.ts";
import { serve } from "../../src/runtime/serve.ts";
import type { ResolvedDeployment } from "../../src/spec/resolved.ts";
import { resolvedDeployment, resolvedEndpoint } from "./resolved.ts";
import { CLOCK } from "./served.ts";
import { tempFolder } from "./temp-folder.ts";

export const PYTHON = "/usr/bin/python3";

/** The reason to skip, or false. */
export function withoutPython(...modules: readonly string[]): string | false {
  if (!existsSync(PYTHON)) return `${PYTHON} is not here`;
  if (modules.length === 0) return false;
  const { status } = spawnSync(PYTHON, ["-c", `import ${modules.join(", ")}`]);
  return status === 0 ? false : `${PYTHON} has not all of ${modules.join(", ")}`;
}

export type ScriptOptions = {
  readonly status?: "azure" | "pass-through";
  readonly env?: Readonly<Record<string, string>>;
  readonly deployment?: Partial<ResolvedDeployment>;
  /** Beside the script. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly onFailedStart?: "throw" | "retry";
  readonly bytecode?: string;
};

export type LogLine = { readonly level: string; readonly message: string } & LogFields;

export type ServedScript = {
  readonly url: string;
  readonly folder: string;
  readonly log: readonly LogLine[];
  /** Resolves with the first line that matches, also with one that was there before. */
  readonly logged: (pattern: RegExp) => Promise<LogLine>;
  readonly stop: () => Promise<void>;
};

type Context = Pick<TestContext, "after">;

/** Under `edge.status: pass-through`, where nothing else is said. */
export function servedScript(
  test: Context,
  source: string,
  options: ScriptOptions = {},
): Promise<ServedScript> {
  return servedScripts(test, { blue: source }, options);
}

/** One deployment for each source; the first has all the traffic. */
export async function servedScripts(
  test: Context,
  sources: Readonly<Record<string, string>>,
  options: ScriptOptions = {},
): Promise<ServedScript> {
  const scripts = Object.entries(sources).map(([name, text]) => [`${name}/score.py`, text]);
  const beside = Object.entries(options.files ?? {}).flatMap(([file, content]) =>
    Object.keys(sources).map((name) => [`${name}/${file}`, content] as const),
  );
  const folder = tempFolder(test as TestContext, Object.fromEntries([...scripts, ...beside]));
  const deployments = Object.keys(sources).map((name, index) =>
    scriptDeployment(name, join(folder, name), {
      traffic: index === 0 ? 100 : 0,
      environmentVariables: { ...options.env },
      ...options.deployment,
    }),
  );
  const { log, lines, logged } = recordingLog();
  const running = await serve({
    endpoint: resolvedEndpoint("test", deployments, { status: options.status ?? "pass-through" }),
    auth: { mode: "none", keys: [] },
    host: "127.0.0.1",
    port: 0,
    log,
    clock: CLOCK,
    scripts: {
      python: {},
      env: { PATH: process.env["PATH"], SECRET_OF_THE_RUNNER: "x", IOTEDGE_MODULEID: "m" },
      ...(options.bytecode !== undefined && { bytecode: options.bytecode }),
      onFailedStart: options.onFailedStart ?? "throw",
    },
  });
  const stop = async (): Promise<void> => void (await running.stop());
  test.after(stop);
  return { url: running.url, folder, log: lines, logged, stop };
}

export function scriptDeployment(
  name: string,
  directory: string,
  more: Partial<ResolvedDeployment>,
): ResolvedDeployment {
  const script = { directory, path: join(directory, "score.py") };
  return resolvedDeployment(name, { traffic: 100, script, ...more });
}

export function recordingLog() {
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, ...fields });
      for (const look of waiting) look();
    };
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const logged = (pattern: RegExp): Promise<LogLine> =>
    new Promise((resolve) => {
      const look = (): void => {
        const line = lines.find(({ message }) => pattern.test(message));
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      look();
    });
  return { log, lines, logged };
}

export type Answer = {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
};

export async function ask(url: string, init: RequestInit = {}, path = "/score"): Promise<Answer> {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** A POST of JSON text. */
export function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

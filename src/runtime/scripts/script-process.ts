/** One process of a scoring script: how it starts, answers one request after the other, and ends. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { Log, LogFields } from "../../core/ports.ts";
import { converse } from "./conversation.ts";
import type { Call } from "./conversation.ts";
import type { ScriptRequest } from "./frames.ts";
import { lineWriter, logLines } from "./log-lines.ts";
import type { WriteLine } from "./log-lines.ts";

export type ProcessSettings = {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly initTimeoutMs: number;
  readonly log: Log;
  readonly fields: LogFields;
  /** Who takes what the process itself writes; the log where it is absent. */
  readonly streams?: { readonly stdout: WriteLine; readonly stderr: WriteLine };
};

export type RunningProcess = {
  readonly pid: number;
  /** Whether it has ended, or has been told to. */
  readonly over: () => boolean;
  /** Ends it and its children, now. The reason is what `ended` settles with. */
  readonly kill: (reason: string) => void;
  /** Settles when it has ended, with the reason. */
  readonly ended: Promise<string>;
};

export type ScriptProcess = RunningProcess & {
  /** Version → OpenAPI document. */
  readonly swagger: Readonly<Record<string, string>>;
  readonly call: (request: ScriptRequest) => Call;
};

const HOST = fileURLToPath(new URL("./python/host.py", import.meta.url));

/**
 * @param onSpawn told at once: also while `init` runs the process is watched
 * @throws Error when the script cannot be loaded, its `init` fails, or its process ends before
 */
export async function startScriptProcess(
  settings: ProcessSettings,
  onSpawn: (process: RunningProcess) => void,
): Promise<ScriptProcess> {
  const { python, env, workingFolder, initTimeoutMs } = settings;
  // No bytecode is written where nobody says where: the folders belong to the user.
  const keep = env["PYTHONPYCACHEPREFIX"] === undefined ? ["-B"] : [];
  // A session of its own, so that the script's children end with it.
  const child = spawn(python, [...keep, "-u", HOST], {
    env,
    cwd: workingFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const running = watch(child);
  const write = lineWriter(settings.log, settings.fields);
  logLines(child.stdout as Readable, "INFO", settings.streams?.stdout ?? write);
  logLines(child.stderr as Readable, "WARNING", settings.streams?.stderr ?? write);
  const conversation = converse(child.stdio[3] as Duplex, { ...running, write });
  onSpawn(running);
  const limit = setTimeout(
    () => running.kill(`init() ran longer than ${initTimeoutMs} ms`),
    initTimeoutMs,
  );
  try {
    const { swagger } = await conversation.ready;
    return { ...running, swagger, call: conversation.call };
  } finally {
    clearTimeout(limit);
  }
}

function watch(child: ChildProcess): RunningProcess {
  const pid = child.pid ?? 0;
  let killed: string | undefined;
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      gone = true;
      resolve(`it cannot be started: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      gone = true;
      // What it has started is nobody's any more.
      killGroup(pid);
      resolve(killed ?? `it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  return {
    pid,
    ended,
    over: () => gone || killed !== undefined,
    kill: (reason) => {
      if (gone || pid === 0) return;
      killed ??= reason;
      if (!killGroup(pid)) child.kill("SIGKILL");
    },
  };
}

/** False where there is no such group: it is not there yet, or nobody is left in it. */
function killGroup(pid: number): boolean {
  try {
    process.kill(-pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** One process of a scoring script: how it starts, answers one request after the other, and ends. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { Log, LogFields } from "../../../core/ports.ts";
import { converse } from "../exchange/conversation.ts";
import type { Call } from "../exchange/conversation.ts";
import type { ScriptRequest } from "../exchange/frames.ts";
import { lineWriter, logLines } from "../log-lines.ts";
import type { WriteLine } from "../log-lines.ts";

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
  /** The script's own process; its guard's child. Unknown until it says that it is there. */
  readonly pid: () => number | undefined;
  /** Whether it has ended, or has been told to. */
  readonly over: () => boolean;
  /** Ends it and whatever it has started, now. The reason is what `ended` settles with. */
  readonly kill: (reason: string) => void;
  /** Settles with the reason when all of that has ended, and what it wrote is read. */
  readonly ended: Promise<string>;
};

export type ScriptProcess = RunningProcess & {
  /** Version → OpenAPI document. */
  readonly swagger: Readonly<Record<string, string>>;
  readonly call: (request: ScriptRequest) => Call;
};

/** It was ended by a signal of somebody else's, before it was ready: another start may do better. */
export class ProcessLost extends Error {}

const HOST = fileURLToPath(new URL("../python/host.py", import.meta.url));

/**
 * @param onSpawn told at once: also while `init` runs the process is watched
 * @throws ProcessLost; Error when the script cannot be loaded, its `init` fails, or its process ends before
 */
export async function startScriptProcess(
  settings: ProcessSettings,
  onSpawn: (process: RunningProcess) => void,
): Promise<ScriptProcess> {
  const { python, env, workingFolder, initTimeoutMs } = settings;
  // No bytecode is written where nobody says where: the folders belong to the user.
  const keep = env["PYTHONPYCACHEPREFIX"] === undefined ? ["-B"] : [];
  // A session of its own: what ends a terminal or a task's processes leaves its guard time to end all.
  const child = spawn(python, [...keep, "-u", HOST], {
    env,
    cwd: workingFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const { running, onStarted, lost } = watch(child);
  const write = lineWriter(settings.log, settings.fields);
  logLines(child.stdout as Readable, "INFO", settings.streams?.stdout ?? write);
  logLines(child.stderr as Readable, "WARNING", settings.streams?.stderr ?? write);
  const conversation = converse(child.stdio[3] as Duplex, { ...running, onStarted, write });
  onSpawn(running);
  const limit = setTimeout(
    () => running.kill(`init() ran longer than ${initTimeoutMs} ms`),
    initTimeoutMs,
  );
  try {
    const { swagger } = await conversation.ready;
    return { ...running, swagger, call: conversation.call };
  } catch (error) {
    throw lost() ? new ProcessLost((error as Error).message) : error;
  } finally {
    clearTimeout(limit);
  }
}

/** Time that a guard has to end all; one that needs more has been stopped, or killed. */
const GUARD_MS = 15_000;
/** Of a pipe that somebody else holds open, too. */
const DRAIN_MS = 1_000;

function watch(child: ChildProcess): {
  readonly running: RunningProcess;
  readonly onStarted: (pid: number) => void;
  readonly lost: () => boolean;
} {
  let script: number | undefined;
  let killed: string | undefined;
  let gone = false;
  let lost = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      gone = true;
      resolve(`it cannot be started: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      gone = true;
      lost = signal !== null && killed === undefined;
      // A guard that was killed itself takes the script along, and nothing else.
      if (script !== undefined) killGroup(script);
      const reason = killed ?? `it ended with ${signal ?? `exit code ${code}`}`;
      void drained(child).then(() => resolve(reason));
    });
  });
  const force = (): void => {
    if (gone) return;
    if (script !== undefined) killGroup(script);
    child.kill("SIGKILL");
  };
  const running = {
    pid: () => script,
    ended,
    over: () => gone || killed !== undefined,
    kill: (reason: string) => {
      if (gone || killed !== undefined) return;
      killed = reason;
      child.kill("SIGTERM");
      setTimeout(force, GUARD_MS).unref();
    },
  };
  return { running, onStarted: (pid) => (script = pid), lost: () => lost };
}

function drained(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => {
      for (const stream of child.stdio) stream?.destroy();
      resolve();
    }, DRAIN_MS);
    child.once("close", () => {
      clearTimeout(limit);
      resolve();
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

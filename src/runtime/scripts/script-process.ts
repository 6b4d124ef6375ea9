/** One process of a scoring script: how it starts, answers one request after the other, and ends. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable as ReadableStream } from "node:stream";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { Log, LogFields } from "../../core/ports.ts";
import { createFrameReader, FRAME_KINDS, requestFrame } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { lineWriter, logLines } from "./log-lines.ts";
import type { WriteLine } from "./log-lines.ts";

export type ProcessSettings = {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly initTimeoutMs: number;
  readonly log: Log;
  readonly fields: LogFields;
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

export type Reply = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | Readable;
};

export type Call = {
  /** The answer's head, with the body where that is no stream. Rejects when the process ends first. */
  readonly reply: Promise<Reply>;
  /** Settles when the process can take the next request, or has ended. */
  readonly done: Promise<void>;
};

export type ScriptProcess = RunningProcess & {
  /** Version → OpenAPI document. */
  readonly swagger: Readonly<Record<string, string>>;
  readonly call: (envelope: readonly unknown[], body: Uint8Array) => Call;
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
  // A session of its own, so that the script's children end with it. No bytecode is written: the
  // folders belong to the user, or are read-only.
  const child = spawn(python, ["-B", "-u", HOST], {
    env,
    cwd: workingFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const running = watch(child);
  const write = lineWriter(settings.log, settings.fields);
  logLines(child.stdout as ReadableStream, "INFO", write);
  logLines(child.stderr as ReadableStream, "WARNING", write);
  const conversation = converse(child.stdio[3] as Duplex, running, write);
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
  let killed: string | undefined;
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      gone = true;
      resolve(`it cannot be started: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      gone = true;
      resolve(killed ?? `it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    ended,
    over: () => gone || killed !== undefined,
    kill: (reason) => {
      if (gone || pid === 0) return;
      killed ??= reason;
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    },
  };
}

type Ready = { readonly swagger: Readonly<Record<string, string>> };
type Waiting = {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly free: () => void;
  stream?: Readable;
};

function createWaiter(): Waiting & Call {
  const settle: Partial<Omit<Waiting, "stream">> = {};
  const reply = new Promise<Reply>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  const done = new Promise<void>((free) => Object.assign(settle, { free }));
  return { ...(settle as Waiting), reply, done };
}

/** Frames in and out; at most one request is on its way. */
function converse(
  socket: Duplex,
  { ended, kill }: RunningProcess,
  write: WriteLine,
): { readonly ready: Promise<Ready>; readonly call: ScriptProcess["call"] } {
  let waiting: Waiting | undefined;
  const finish = (): void => {
    const { free } = waiting ?? {};
    waiting = undefined;
    free?.();
  };
  const ready = new Promise<Ready>((resolve, reject) => {
    const onFrame = ({ kind, value, body }: Frame): void => {
      if (kind === FRAME_KINDS.log) {
        write((value as { level: string }).level, body.toString());
      } else if (kind === FRAME_KINDS.ready) {
        resolve(value as Ready);
      } else if (kind === FRAME_KINDS.failed) {
        reject(new Error((value as { reason: string }).reason));
      } else if (waiting !== undefined) {
        if (kind === FRAME_KINDS.answer) write("INFO", (value as Head)[2]);
        if (answered(waiting, { kind, value, body }, socket)) finish();
      }
    };
    socket.on("data", createFrameReader(onFrame));
    // Its end is told by the process's own.
    socket.on("error", () => undefined);
    void ended.then((reason) => {
      reject(new Error(reason));
      waiting?.stream?.destroy(new Error(reason));
      waiting?.reject(new Error(reason));
      finish();
    });
  });
  return {
    ready,
    call: (envelope, body) => {
      const { reply, done, ...waiter } = createWaiter();
      waiting = waiter;
      if (socket.destroyed) kill("its socket is closed");
      for (const piece of requestFrame(envelope, body)) socket.write(piece);
      return { reply, done };
    },
  };
}

/** Status, headers, the request's line for the log, whether the body comes in chunks. */
type Head = readonly [number, readonly (readonly [string, string])[], string, boolean];

/** Whether the answer is complete with this frame. */
function answered(waiting: Waiting, { kind, value, body }: Frame, socket: Duplex): boolean {
  if (kind === FRAME_KINDS.answer) {
    const [status, headers, , streamed] = value as Head;
    if (!streamed) {
      waiting.resolve({ status, headers, body });
      return true;
    }
    // A slow reader holds the script back, not the memory.
    waiting.stream = new Readable({ read: () => void socket.resume() });
    waiting.stream.on("error", () => undefined);
    waiting.stream.once("close", () => void socket.resume());
    waiting.resolve({ status, headers, body: waiting.stream });
    return false;
  }
  const { stream } = waiting;
  if (kind === FRAME_KINDS.chunk) {
    if (stream?.destroyed === false && !stream.push(Buffer.from(body))) socket.pause();
    return false;
  }
  if (kind === FRAME_KINDS.end) stream?.push(null);
  if (kind === FRAME_KINDS.broken) stream?.destroy(new Error("the script's stream broke off"));
  return true;
}

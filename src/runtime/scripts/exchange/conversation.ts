/** What is said over the socket to a script's process? It is ready, or why not; then one answer a request. */

import type { Duplex } from "node:stream";
import { Readable } from "node:stream";

import { createFrameReader, FRAME_KINDS, requestFrame } from "./frames.ts";
import type { Frame, ScriptRequest } from "./frames.ts";
import type { WriteLine } from "../log-lines.ts";

export type Reply = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | Readable;
  /** How long it all took there, in milliseconds, as the log tells it. */
  readonly tookMs: string;
  /** Set where the body is what run() returned, as JSON, and nothing else was said: how long it ran. */
  readonly runMs: string | undefined;
};

export type Call = {
  /** The answer's head, with the body where that is no stream. Rejects when the process ends first. */
  readonly reply: Promise<Reply>;
  /** Settles when the process can take the next request, or has ended. */
  readonly done: Promise<void>;
};

export type ConversationOptions = {
  /** Settles with the process's end, with the reason. */
  readonly ended: Promise<string>;
  readonly kill: (reason: string) => void;
  /** Told the script's process once, before anything of the script runs. */
  readonly onStarted: (pid: number) => void;
  readonly write: WriteLine;
};

type Ready = { readonly swagger: Readonly<Record<string, string>> };

export type Conversation = {
  readonly ready: Promise<Ready>;
  readonly call: (request: ScriptRequest) => Call;
};

type Waiting = {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly free: () => void;
  stream?: Readable;
};

/** At most one request is on its way. */
export function converse(
  socket: Duplex,
  { ended, kill, onStarted, write }: ConversationOptions,
): Conversation {
  let waiting: Waiting | undefined;
  let started = false;
  const finish = (): void => {
    const free = waiting?.free;
    waiting = undefined;
    free?.();
  };
  const ready = new Promise<Ready>((resolve, reject) => {
    const onFrame = (frame: Frame): void => {
      const { kind, value } = frame;
      if (kind === FRAME_KINDS.log) {
        write((value as { level: string }).level, frame.body.toString());
      } else if (kind === FRAME_KINDS.started) {
        if (!started) onStarted(pidOf(value));
        started = true;
      } else if (kind === FRAME_KINDS.ready) {
        resolve(value as Ready);
      } else if (kind === FRAME_KINDS.failed) {
        reject(new Error((value as { reason: string }).reason));
      } else if (waiting !== undefined && answered(waiting, frame, socket)) finish();
    };
    const read = createFrameReader(onFrame);
    socket.on("data", (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        // The script may write to any descriptor: what it says must not end the runtime.
        kill(`what it wrote to the runtime's socket cannot be read: ${(error as Error).message}`);
        socket.destroy();
      }
    });
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
    call: (request) => {
      if (socket.destroyed) kill("its socket is closed");
      let free = nobodyWaits;
      const done = new Promise<void>((resolve) => {
        free = resolve;
      });
      const reply = new Promise<Reply>((resolve, reject) => {
        waiting = { resolve, reject, free };
      });
      for (const piece of requestFrame(request)) socket.write(piece);
      return { reply, done };
    },
  };
}

function nobodyWaits(): void {
  throw new Error("a promise runs its function at once");
}

/** Status, headers, how long it took, whether the body comes in chunks. */
type Head = readonly [number, Reply["headers"], string, boolean];

/** @throws TypeError where it is none */
function pidOf(value: unknown): number {
  const { pid } = value as { readonly pid?: unknown };
  if (typeof pid === "number" && Number.isSafeInteger(pid) && pid > 1) return pid;
  throw new TypeError("a process without its number");
}

/** @throws TypeError where it is no pair of texts */
function texts(pair: readonly unknown[]): readonly [string, string] {
  const [first, second] = pair;
  if (typeof first === "string" && typeof second === "string") return [first, second];
  throw new TypeError("an answer without its texts");
}

const NO_HEADERS: Reply["headers"] = [];

/** Whether the answer is complete with this frame. */
function answered(waiting: Waiting, { kind, value, body }: Frame, socket: Duplex): boolean {
  if (kind === FRAME_KINDS.result) {
    const [runMs, tookMs] = texts(value as readonly unknown[]);
    waiting.resolve({ status: 200, headers: NO_HEADERS, body, tookMs, runMs });
    return true;
  }
  if (kind === FRAME_KINDS.answer) {
    const [status, headers, tookMs, streamed] = value as Head;
    if (!(Number.isInteger(status) && status >= 200 && status <= 999)) {
      throw new TypeError("an answer without a status");
    }
    headers.forEach(texts);
    if (!streamed) {
      waiting.resolve({ status, headers, body, tookMs, runMs: undefined });
      return true;
    }
    // A slow reader holds the script back, not the memory.
    waiting.stream = new Readable({ read: () => void socket.resume() });
    waiting.stream.on("error", () => undefined);
    waiting.stream.once("close", () => void socket.resume());
    waiting.resolve({ status, headers, body: waiting.stream, tookMs, runMs: undefined });
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

/** This side of an engine in a worker thread or a process: calls out, answers in, its end noticed. */

import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { NODE_FLAGS } from "../../../core/node-flags.ts";
import { ScoringError } from "../../../core/problem.ts";
import type { HostCall, HostMessage, HostOptions } from "./host.ts";
import type { EngineAnswer, EngineRequest, Instance } from "./instance.ts";
import type { Profile } from "../profile.ts";

/** A way to the far side. */
type Channel = {
  readonly send: (call: HostCall) => void;
  readonly onMessage: (take: (message: HostMessage) => void) => void;
  readonly close: () => Promise<void>;
  /** Settles with the reason when the far side is gone. */
  readonly ended: Promise<string>;
};

/** What a process has to end by itself. */
const KILL_MS = 1_000;

export type ProfiledInstance = Instance & { readonly profile: Profile };

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export function startWorker(options: HostOptions): Promise<ProfiledInstance> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: options });
  let fault = "";
  worker.on("error", (error) => (fault = error.stack ?? String(error)));
  const ended = new Promise<string>((resolve) => {
    worker.once("exit", (code) => resolve(fault || `its thread ended with code ${code}`));
  });
  return connect({
    send: ({ id, requests }) => {
      const owned = requests.map(own);
      worker.postMessage(
        { id, requests: owned },
        owned.map(({ body }) => body.buffer),
      );
    },
    onMessage: (take) => worker.on("message", take),
    // Never `terminate`: a thread that is stopped inside the library takes the whole process down.
    close: async () => {
      worker.postMessage("close");
      await ended;
    },
    ended,
  });
}

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export function startProcess(options: HostOptions): Promise<ProfiledInstance> {
  const child = fork(fileURLToPath(new URL("./process.js", import.meta.url)), [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [...NODE_FLAGS],
  });
  // Where memory runs out the kernel is to take this process, not the one that serves the others.
  void writeFile(`/proc/${child.pid}/oom_score_adj`, "1000").catch(() => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      resolve(`its process ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  child.send(options);
  return connect({
    send: ({ id, requests }) => child.send({ id, requests: requests.map(plain) }),
    onMessage: (take) => child.on("message", (message: HostMessage) => take(message)),
    close: async () => {
      if (child.connected) child.disconnect();
      // One that hangs in its model does not notice.
      const kill = setTimeout(() => child.kill("SIGKILL"), KILL_MS);
      await ended;
      clearTimeout(kill);
    },
    ended,
  });
}

/** What the far side needs of a request, and nothing that cannot be sent. */
function plain({ protocol, headers, body }: EngineRequest): EngineRequest {
  return { protocol, headers, body };
}

/**
 * The same with each body in a buffer of its own, which can move to a thread: of a view the thread
 * would get all that is around it.
 */
function own({ protocol, headers, body }: EngineRequest) {
  const { buffer, byteLength } = body;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return { protocol, headers, body: whole ? new Uint8Array(buffer) : new Uint8Array(body) };
}

type Waiter = {
  readonly resolve: (answers: readonly EngineAnswer[]) => void;
  readonly reject: (error: Error) => void;
};

async function connect(channel: Channel): Promise<ProfiledInstance> {
  const waiting = new Map<number, Waiter>();
  const started = new Promise<Profile>((resolve, reject) => {
    channel.onMessage((message) => {
      if (message.kind === "ready") resolve(message.profile);
      else if (message.kind === "failed") reject(new Error(message.reason));
      else {
        waiting.get(message.id)?.resolve(message.answers);
        waiting.delete(message.id);
      }
    });
    void channel.ended.then((reason) => {
      reject(new Error(reason));
      for (const { reject: stop } of waiting.values()) {
        stop(new ScoringError("ENGINE_STOPPED", "the engine stopped before it answered"));
      }
      waiting.clear();
    });
  });
  let nextId = 0;
  try {
    const profile = await started;
    return {
      profile,
      maxRequests: profile.maxRows,
      score: (requests) =>
        new Promise((resolve, reject) => {
          const id = (nextId += 1);
          waiting.set(id, { resolve, reject });
          channel.send({ id, requests });
        }),
      close: channel.close,
      ended: channel.ended,
    };
  } catch (error) {
    await channel.close();
    throw error;
  }
}

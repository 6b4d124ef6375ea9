/** A worker thread with one model. */

import { parentPort, workerData } from "node:worker_threads";

import { hostEngine } from "./host.ts";
import type { HostCall, HostMessage, HostOptions } from "./host.ts";

const port = parentPort;
if (port === null) throw new Error("worker.js runs as a worker thread only");

/** Answers move to the other thread, each in a buffer of its own. */
function withOwnBodies(message: HostMessage): { message: HostMessage; moved: ArrayBuffer[] } {
  if (message.kind !== "answers") return { message, moved: [] };
  const answers = message.answers.map((answer) => ({
    ...answer,
    body: new Uint8Array(answer.body),
  }));
  return { message: { ...message, answers }, moved: answers.map(({ body }) => body.buffer) };
}

await hostEngine(
  {
    send: (answer) => {
      const { message, moved } = withOwnBodies(answer);
      port.postMessage(message, moved);
    },
    onCall: (take) =>
      port.on("message", (message: HostCall | "close") => {
        if (message === "close") port.close();
        else take(message);
      }),
  },
  workerData as HostOptions,
);

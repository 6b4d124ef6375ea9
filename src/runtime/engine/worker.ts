/** A worker thread with one model. */

import { parentPort, workerData } from "node:worker_threads";

import { hostEngine } from "./host.ts";
import type { HostCall, HostMessage, HostOptions } from "./host.ts";

const port = parentPort;
if (port === null) throw new Error("worker.js runs as a worker thread only");

/** Answers move to the other thread; a view of a shared pool cannot, and is copied. */
function bodiesOf(message: HostMessage): readonly ArrayBuffer[] {
  if (message.kind !== "answers") return [];
  return message.answers.flatMap(({ body }) => {
    const { buffer, byteLength } = body;
    return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
  });
}

await hostEngine(
  {
    send: (message) => port.postMessage(message, bodiesOf(message)),
    onCall: (take) =>
      port.on("message", (message: HostCall | "close") => {
        if (message === "close") port.close();
        else take(message);
      }),
  },
  workerData as HostOptions,
);

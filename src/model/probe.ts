/**
 * A process of its own that loads one model and runs it once: what ONNX Runtime cannot load, or what
 * brings it down, ends here. Prints one JSON line. `node probe.js MODEL`, signature on stdin.
 */

import { text } from "node:stream/consumers";

import { zeroFeeds } from "../core/sample.ts";
import type { Signature } from "../core/signature.ts";
import { createSession } from "./onnxruntime.ts";

export type ProbeResult =
  | {
      readonly ok: true;
      readonly loadMs: number;
      /** Absent where a run on zeros fails, which some models may; `runError` says why. */
      readonly runMs?: number;
      readonly runError?: string;
      /** Resident memory that the library, the model and one run added. */
      readonly memoryBytes: number;
    }
  | { readonly ok: false; readonly reason: string };

async function probe(path: string, signature: Signature): Promise<ProbeResult> {
  const memoryBefore = process.memoryUsage.rss();
  const start = performance.now();
  try {
    const session = await createSession(path, signature, { threads: 1 });
    const loadMs = performance.now() - start;
    const names = signature.outputs.map((output) => output.name);
    const feeds = zeroFeeds(signature);
    try {
      session.run(feeds, names);
      const runStart = performance.now();
      session.run(feeds, names);
      const runMs = performance.now() - runStart;
      return { ok: true, loadMs, runMs, memoryBytes: process.memoryUsage.rss() - memoryBefore };
    } catch (error) {
      const memoryBytes = process.memoryUsage.rss() - memoryBefore;
      return { ok: true, loadMs, runError: (error as Error).message, memoryBytes };
    }
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

const [path = ""] = process.argv.slice(2);
const signature = JSON.parse(await text(process.stdin)) as Signature;
process.stdout.write(`${JSON.stringify(await probe(path, signature))}\n`);

/**
 * A process of its own that loads one model and runs it: what ONNX Runtime cannot load, or what brings
 * it down, ends here. Prints one JSON line. `node probe.js MODEL`, the request as JSON on stdin.
 */

import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { deserialize, serialize } from "node:v8";

import { sampleOutput } from "../core/tensors/recorded-sample.ts";
import type { SampleOutput } from "../core/tensors/recorded-sample.ts";
import { sampleFeeds, zeroFeeds } from "../core/tensors/sample.ts";
import type { Feeds } from "../core/tensors/sample.ts";
import type { Signature } from "../core/tensors/signature.ts";
import type { Tensor } from "../core/tensors/tensor.ts";
import { createSession } from "./onnxruntime.ts";
import type { Session } from "./onnxruntime.ts";
import { differenceOf, MOST_DIFFERENCE } from "./prepare/compare.ts";
import { recordedFeeds } from "./recorded.ts";

export type ProbeRequest = {
  readonly signature: Signature;
  /** File for the answers to sample inputs. */
  readonly record?: string;
  /** File of another model's answers, to hold this one's against. */
  readonly compare?: string;
  /** Folders of inputs that somebody recorded with the model. */
  readonly recordings?: readonly string[];
};

export type Comparison = {
  /** Inputs that the other model answered. */
  readonly samples: number;
  /** As a share of the largest number; null: the answers differ in more than roundings. */
  readonly difference: number | null;
};

export type ProbeResult =
  | {
      readonly ok: true;
      readonly loadMs: number;
      /** Absent where a run on zeros fails, which some models may; `runError` says why. */
      readonly runMs?: number;
      readonly runError?: string;
      /** Resident memory that the library, the model and one run added. */
      readonly memoryBytes: number;
      readonly comparison?: Comparison;
      /** What it answers to the first generated input. */
      readonly sample?: readonly SampleOutput[];
      /** What it answers to one input differs from run to run: no sample can be held against it. */
      readonly varies?: true;
    }
  | { readonly ok: false; readonly reason: string };

/** A run is measured again and again for so long, and so often: the fastest one counts. */
const MEASURE_MS = 100;
const MEASURE_RUNS = 1000;
/** Samples are answered until so much time is over. */
const SAMPLES_MS = 20_000;

type Sample = { readonly feeds: Feeds; readonly outputs: readonly Tensor[] };

async function probe(path: string, request: ProbeRequest): Promise<ProbeResult> {
  const { signature } = request;
  const memoryBefore = process.memoryUsage.rss();
  const start = performance.now();
  try {
    const session = await createSession(path, signature, { threads: 1 });
    const loadMs = performance.now() - start;
    const measured = measure(session, signature);
    const memoryBytes = process.memoryUsage.rss() - memoryBefore;
    const comparison = await compareSamples(session, request);
    return {
      ok: true,
      loadMs,
      memoryBytes,
      ...measured,
      ...comparison,
      ...sampleOf(session, signature),
    };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

function measure(
  session: Session,
  signature: Signature,
): { readonly runMs: number } | { readonly runError: string } {
  const feeds = zeroFeeds(signature);
  const names = outputNames(signature);
  try {
    session.run(feeds, names);
    let runMs = Number.POSITIVE_INFINITY;
    const end = performance.now() + MEASURE_MS;
    for (let runs = 0; runs === 0 || (runs < MEASURE_RUNS && performance.now() < end); runs += 1) {
      const start = performance.now();
      session.run(feeds, names);
      runMs = Math.min(runMs, performance.now() - start);
    }
    return { runMs };
  } catch (error) {
    return { runError: (error as Error).message };
  }
}

function sampleOf(
  session: Session,
  signature: Signature,
): { readonly sample?: readonly SampleOutput[]; readonly varies?: true } {
  const names = outputNames(signature);
  const [, feeds = {}] = sampleFeeds(signature);
  try {
    const outputs = session.run(feeds, names);
    if (differenceOf(outputs, session.run(feeds, names)) > MOST_DIFFERENCE) return { varies: true };
    return {
      sample: outputs.map((tensor, at) => sampleOutput(names[at] ?? "", tensor)),
    };
  } catch {
    return {};
  }
}

async function compareSamples(
  session: Session,
  { signature, record, compare, recordings = [] }: ProbeRequest,
): Promise<{ comparison?: Comparison }> {
  const names = outputNames(signature);
  if (record !== undefined) {
    const feeds = [...(await recordedFeeds(signature, recordings)), ...sampleFeeds(signature)];
    await writeFile(record, serialize(answersOf(session, feeds, names)));
  }
  if (compare === undefined) return {};
  const samples = deserialize(await readFile(compare)) as readonly Sample[];
  let difference = 0;
  for (const { feeds, outputs } of samples)
    difference = Math.max(difference, differenceOf(outputs, session.run(feeds, names)));
  const told = Number.isFinite(difference) ? difference : null;
  return { comparison: { samples: samples.length, difference: told } };
}

/** Of the inputs that the model takes; one that it refuses says nothing about another model. */
function answersOf(
  session: Session,
  inputs: readonly Feeds[],
  names: readonly string[],
): readonly Sample[] {
  const samples: Sample[] = [];
  const end = performance.now() + SAMPLES_MS;
  for (const feeds of inputs) {
    if (performance.now() > end) break;
    try {
      samples.push({ feeds, outputs: session.run(feeds, names) });
    } catch {
      continue;
    }
  }
  return samples;
}

function outputNames({ outputs }: Signature): readonly string[] {
  return outputs.map(({ name }) => name);
}

const [path = ""] = process.argv.slice(2);
const request = JSON.parse(await text(process.stdin)) as ProbeRequest;
process.stdout.write(`${JSON.stringify(await probe(path, request))}\n`);

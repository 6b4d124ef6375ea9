/** Looking at a model file: what it is, whether ONNX Runtime loads it, what one run costs. */

import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { UserError } from "../core/problem.ts";
import type { Problem } from "../core/problem.ts";
import type { SampleOutput } from "../core/tensors/recorded-sample.ts";
import type { Signature } from "../core/tensors/signature.ts";
import { sha256OfFile } from "./file-digest.ts";
import { parseOnnxFile } from "./onnx-file.ts";
import { liftModel, skeletonOf } from "./prepare/lift.ts";
import type { LiftedModel } from "./prepare/lift.ts";
import type { ProbeRequest, ProbeResult } from "./probe.ts";
import { recordingFolders } from "./recorded.ts";
import { signatureOf } from "./signature.ts";

export type Inspection = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly irVersion: number;
  readonly producer: string;
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  /** Versions of the other operator sets by domain. */
  readonly domains: Readonly<Record<string, number>>;
  readonly signature: Signature;
  readonly loadMs?: number;
  readonly runMs?: number;
  /** Resident memory that the library, the model and one run need. */
  readonly memoryBytes?: number;
  /** What it answers to the first generated input, where it is the same each time. */
  readonly sample?: readonly SampleOutput[];
};

/** A protobuf message cannot be larger, and neither can a model that is one file. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

export type InspectOptions = {
  /** File for the answers to sample inputs: what a prepared copy is held against. */
  readonly record?: string;
};

/** The inspection is absent where the file is no readable ONNX model at all. */
export async function inspectModel(
  path: string,
  options: InspectOptions = {},
): Promise<{ inspection?: Inspection; problems: readonly Problem[] }> {
  const read = await readModel(path);
  return "problem" in read ? { problems: [read.problem] } : inspectLifted(read, options);
}

export async function inspectLifted(
  { model, sha256 }: ReadModel,
  { record }: InspectOptions,
): Promise<{ inspection?: Inspection; problems: readonly Problem[] }> {
  const { path, bytes } = model;
  const file = parseOnnxFile(skeletonOf(model));
  if (file === undefined) return { problems: [notOnnx(path, bytes)] };
  const { signature, problems } = signatureOf(file);
  const { "": opset = 0, ...domains } = file.opsets;
  const { irVersion, producer } = file;
  const inspection = { path, bytes, sha256, irVersion, producer, opset, domains, signature };
  const recordings = record === undefined ? [] : await recordingFolders(path);
  const probed = await probeModel(path, { signature, recordings, ...(record && { record }) });
  if (!probed.ok) {
    return { inspection, problems: [...problems, refusal(probed.reason, domains)] };
  }
  const { loadMs, runMs, memoryBytes, runError, sample, varies } = probed;
  const measured = {
    loadMs,
    memoryBytes,
    ...(runMs === undefined ? {} : { runMs }),
    ...(sample && { sample }),
  };
  return {
    inspection: { ...inspection, ...measured },
    problems: [
      ...problems,
      ...(runError === undefined ? [] : [runNote(runError)]),
      ...(varies === true ? [variesNote(path)] : []),
    ],
  };
}

export type ReadModel = { readonly model: LiftedModel; readonly sha256: string };

/** The graph of a model in memory, its weights left where they are. */
export async function readModel(path: string): Promise<ReadModel | { problem: Problem }> {
  try {
    const { size } = await stat(path);
    if (size > MAX_MODEL_BYTES) {
      const problem = unreadable(
        `${path} has ${size} bytes; an ONNX file has at most ${MAX_MODEL_BYTES}`,
        "Keep the weights as external data beside a smaller .onnx file.",
      );
      return { problem };
    }
    const model = liftModel(path);
    if (model === undefined) return { problem: notOnnx(path, size) };
    return { model, sha256: await sha256OfFile(path) };
  } catch (error) {
    const [problem] = error instanceof UserError ? error.problems : [];
    if (problem !== undefined) return { problem };
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const hint = "Check the path and its permissions.";
    return { problem: unreadable(`${path} cannot be read: ${reason}`, hint) };
  }
}

function notOnnx(path: string, bytes: number): Problem {
  return {
    code: "MODEL_NOT_ONNX",
    severity: "error",
    message: `${path} (${bytes} bytes) is not an ONNX model`,
    hint: "Give the .onnx file that your training framework exported.",
  };
}

function unreadable(message: string, hint: string): Problem {
  return { code: "MODEL_UNREADABLE", severity: "error", message, hint };
}

/** The library's own words, without the path that they start with. */
function refusal(reason: string, domains: Readonly<Record<string, number>>): Problem {
  const foreign = Object.keys(domains).filter((domain) => !KNOWN_DOMAINS.has(domain));
  return {
    code: "MODEL_REFUSED",
    severity: "error",
    message: `ONNX Runtime cannot load it: ${withoutSource(reason.replace(/^Load model from .*? failed:/, "").trim())}`,
    hint: refusalHint(reason, foreign),
  };
}

function refusalHint(reason: string, foreign: readonly string[]): string {
  if (foreign.length > 0)
    return `Export the model without the operators of ${foreign.join(", ")}, which ONNX Runtime itself does not have.`;
  return /IR version|till opset/u.test(reason)
    ? "Export the model for an older opset."
    : "Check the model with the onnx package's checker, and export it again.";
}

/** What the library says, without the line and the function of its source that it begins with. */
function withoutSource(reason: string): string {
  const [place = ""] = /^\S+\.(?:cc|h):\d+ /u.exec(reason) ?? [];
  const start = place === "" ? -1 : reason.indexOf("(", place.length);
  let depth = 0;
  for (let at = start; at >= 0 && at < reason.length; at += 1) {
    if (reason[at] === "(") depth += 1;
    else if (reason[at] === ")") depth -= 1;
    if (depth === 0) return reason.slice(at + 1).replace(/^\s*(?:const\b)?\s*/u, "");
  }
  return reason;
}

const KNOWN_DOMAINS = new Set([
  "ai.onnx.ml",
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft",
]);

function runNote(reason: string): Problem {
  return {
    code: "MODEL_REFUSED",
    severity: "note",
    message: `a run on zeros fails, so nothing was measured: ${reason}`,
  };
}

function variesNote(path: string): Problem {
  return {
    code: "MODEL_VARIES",
    severity: "note",
    message: `${path} answers one input differently from run to run, so no sample of it is recorded, and verify cannot score it`,
  };
}

export async function probeModel(path: string, request: ProbeRequest): Promise<ProbeResult> {
  const script = fileURLToPath(new URL("./probe.js", import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ["pipe", "pipe", "pipe"] });
  // A child that dies early closes its stdin; its exit tells the story.
  child.stdin.on("error", () => undefined).end(JSON.stringify(request));
  const exit = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const [stdout, stderr, ending] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit,
  ]);
  const [line = ""] = stdout.split("\n");
  if (line.startsWith("{")) return JSON.parse(line) as ProbeResult;
  const words = stderr.trim().split("\n").at(-1) ?? "";
  return {
    ok: false,
    reason: `the process that loads it ended with ${ending}${words && `: ${words}`}`,
  };
}

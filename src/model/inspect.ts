/** Looking at a model file: what it is, whether ONNX Runtime loads it, what one run costs. */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import type { Problem } from "../core/problem.ts";
import type { Signature } from "../core/signature.ts";
import { parseOnnxFile } from "./onnx-file.ts";
import type { ProbeResult } from "./probe.ts";
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
};

/** A protobuf message cannot be larger, and neither can a model that is one file. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** The inspection is absent where the file is no readable ONNX model at all. */
export async function inspectModel(
  path: string,
): Promise<{ inspection?: Inspection; problems: readonly Problem[] }> {
  const read = await readModel(path);
  if ("problem" in read) return { problems: [read.problem] };
  const file = parseOnnxFile(read.bytes);
  if (file === undefined) {
    return {
      problems: [
        {
          code: "MODEL_NOT_ONNX",
          severity: "error",
          message: `${path} (${read.bytes.length} bytes) is not an ONNX model`,
          hint: "give the .onnx file that your training framework exported",
        },
      ],
    };
  }
  const { signature, problems } = signatureOf(file);
  const { "": opset = 0, ...domains } = file.opsets;
  const inspection = {
    path,
    bytes: read.bytes.length,
    sha256: createHash("sha256").update(read.bytes).digest("hex"),
    irVersion: file.irVersion,
    producer: file.producer,
    opset,
    domains,
    signature,
  };
  const probed = await probeModel(path, signature);
  if (!probed.ok) {
    return { inspection, problems: [...problems, refusal(probed.reason, domains)] };
  }
  const { loadMs, runMs, memoryBytes, runError } = probed;
  const measured = { loadMs, memoryBytes, ...(runMs === undefined ? {} : { runMs }) };
  return {
    inspection: { ...inspection, ...measured },
    problems: runError === undefined ? problems : [...problems, runNote(runError)],
  };
}

async function readModel(path: string): Promise<{ bytes: Uint8Array } | { problem: Problem }> {
  try {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      if (size > MAX_MODEL_BYTES) {
        const problem = unreadable(
          `${path} has ${size} bytes; an ONNX file has at most ${MAX_MODEL_BYTES}`,
          "keep the weights as external data beside a smaller .onnx file",
        );
        return { problem };
      }
      return { bytes: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return {
      problem: unreadable(
        `${path} cannot be read: ${reason}`,
        "check the path and its permissions",
      ),
    };
  }
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
    message: `ONNX Runtime cannot load it: ${reason.replace(/^Load model from .*? failed:/, "").trim()}`,
    hint:
      foreign.length > 0
        ? `export the model without the operators of ${foreign.join(", ")}, which ONNX Runtime itself does not have`
        : "check the model with the onnx package's checker, and export it again",
  };
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

async function probeModel(path: string, signature: Signature): Promise<ProbeResult> {
  const script = fileURLToPath(new URL("./probe.js", import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ["pipe", "pipe", "pipe"] });
  // A child that dies early closes its stdin; its exit tells the story.
  child.stdin.on("error", () => undefined).end(JSON.stringify(signature));
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

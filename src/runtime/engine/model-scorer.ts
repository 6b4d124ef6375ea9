/** One loaded model as a scorer on the thread that calls it: decode, run, encode. */

import { ScoringError } from "../../core/problem.ts";
import { zeroFeeds } from "../../core/sample.ts";
import type { ScoringResponse } from "../../core/scoring.ts";
import type { OutputSpec, Signature } from "../../core/signature.ts";
import { createSession } from "../../model/onnxruntime.ts";
import type { Session } from "../../model/onnxruntime.ts";
import { renderAnswer } from "../wire/answer.ts";
import type { ModelIdentity } from "../wire/answer.ts";
import { errorResponse } from "../wire/fault.ts";
import { parseJsonBody } from "../wire/json-body.ts";
import { parseModelRequest } from "../wire/request.ts";

export type ModelOptions = ModelIdentity & {
  readonly path: string;
  readonly signature: Signature;
  readonly threads: number;
};

const utf8 = new TextEncoder();

/** What crosses to the engine of one request; the rest of the envelope stays with who asked. */
export type EngineRequest = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

export type ModelScorer = {
  /** Never rejects: a fault is a response. `fault` is what the log should know of it. */
  readonly score: (
    request: EngineRequest,
  ) => Promise<{ response: ScoringResponse; fault?: string }>;
  readonly release: () => Promise<void>;
};

/** Loads the model and runs it once. @throws Error when ONNX Runtime cannot load it */
export async function createModelScorer(
  options: ModelOptions,
): Promise<{ scorer: ModelScorer; warmUpFault?: string }> {
  const session = await createSession(options.path, options.signature, {
    threads: options.threads,
  });
  const scorer: ModelScorer = {
    score: (request) => scoreOne(session, options, request),
    release: session.release,
  };
  try {
    await session.run(
      zeroFeeds(options.signature),
      options.signature.outputs.map((output) => output.name),
    );
    return { scorer };
  } catch (error) {
    // Zeros are no legal input of every model: an index table, say. Its first request warms it up.
    return { scorer, warmUpFault: (error as Error).message };
  }
}

async function scoreOne(
  session: Session,
  options: ModelOptions,
  request: EngineRequest,
): Promise<{ response: ScoringResponse; fault?: string }> {
  try {
    const parsed = parseModelRequest(options.signature, parseJsonBody(request.body));
    const specs = parsed.outputs.map((name) => outputNamed(options.signature, name));
    const tensors = await runModel(session, parsed.feeds, parsed.outputs);
    const outputs = tensors.map((tensor, index) => ({ spec: specs[index] as OutputSpec, tensor }));
    const text = renderAnswer(parsed.form, outputs, options);
    const headers = { "content-type": "application/json" };
    return { response: { status: 200, headers, body: utf8.encode(text) } };
  } catch (error) {
    const response = errorResponse(error);
    if (error instanceof ScoringError && response.status === 400) return { response };
    return { response, fault: (error as Error).stack ?? String(error) };
  }
}

function outputNamed(signature: Signature, name: string): OutputSpec {
  const spec = signature.outputs.find((output) => output.name === name);
  if (spec === undefined) throw new ScoringError("INPUT_NAME", `output '${name}' is unknown`);
  return spec;
}

async function runModel(
  session: Session,
  feeds: Parameters<Session["run"]>[0],
  outputs: readonly string[],
): ReturnType<Session["run"]> {
  try {
    return await session.run(feeds, outputs);
  } catch (error) {
    throw new ScoringError(
      "ENGINE_FAILED",
      `the model failed on this input: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

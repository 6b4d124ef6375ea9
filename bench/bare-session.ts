/** ONNX Runtime's public interface as its manual shows it, on one thread: what the floors share. */

import { InferenceSession } from "onnxruntime-node";

export type BareSession = {
  readonly session: InferenceSession;
  readonly input: string;
  /** A dimension without a size is 1. */
  readonly dims: readonly number[];
};

export async function openBareSession(path: string): Promise<BareSession> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    // Errors alone: some models have a warning for each of their weights.
    logSeverityLevel: 3,
  });
  const [first] = session.inputMetadata;
  if (first?.isTensor !== true) throw new Error(`${path} has no tensor as its first input`);
  const dims = first.shape.map((dim) => (typeof dim === "number" && dim > 0 ? dim : 1));
  return { session, input: first.name, dims };
}

/** The far side of a worker thread or a process: one model, profiled, that takes calls by message. */

import { readFile, stat } from "node:fs/promises";

import { graphTraits } from "../../../model/graph-traits.ts";
import type { GraphTraits } from "../../../model/graph-traits.ts";
import { parseOnnxFile } from "../../../model/onnx-file.ts";
import { createModelEngine } from "../model-engine.ts";
import type { ModelOptions } from "../model-engine.ts";
import type { EngineAnswer, EngineRequest } from "./instance.ts";
import { profileModel } from "../profile.ts";
import type { Profile } from "../profile.ts";

export type HostOptions = {
  readonly model: ModelOptions;
  /** What an instance of the same model measured already. */
  readonly profile?: Profile;
};

export type HostCall = { readonly id: number; readonly requests: readonly EngineRequest[] };

export type HostMessage =
  | { readonly kind: "ready"; readonly profile: Profile }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "answers"; readonly id: number; readonly answers: readonly EngineAnswer[] };

export type HostPort = {
  readonly send: (message: HostMessage) => void;
  readonly onCall: (take: (call: HostCall) => void) => void;
};

/** A graph with its weights inside may be too large to be held beside the session. */
const MAX_GRAPH_BYTES = 64 * 1024 * 1024;

async function traitsOf(path: string): Promise<GraphTraits> {
  const { size } = await stat(path);
  if (size > MAX_GRAPH_BYTES) return { mixesRows: "a graph too large to look into" };
  const file = parseOnnxFile(await readFile(path));
  return file === undefined ? {} : graphTraits(file);
}

export async function hostEngine({ send, onCall }: HostPort, options: HostOptions): Promise<void> {
  try {
    const { session, scoreAll } = await createModelEngine(options.model);
    const { path, signature } = options.model;
    const profile =
      options.profile ?? profileModel(session, signature, { traits: await traitsOf(path) });
    onCall(({ id, requests }) => {
      send({ kind: "answers", id, answers: scoreAll(requests, profile.maxRows) });
    });
    send({ kind: "ready", profile });
  } catch (error) {
    send({ kind: "failed", reason: (error as Error).message });
  }
}

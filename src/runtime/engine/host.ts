/** The far side of a worker thread or a process: one model, profiled, that takes calls by message. */

import { createModelEngine } from "./model-engine.ts";
import type { ModelOptions } from "./model-engine.ts";
import type { EngineAnswer, EngineRequest } from "./instance.ts";
import { profileModel } from "./profile.ts";
import type { Profile } from "./profile.ts";

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

export async function hostEngine({ send, onCall }: HostPort, options: HostOptions): Promise<void> {
  try {
    const { session, scoreAll } = await createModelEngine(options.model);
    const profile = options.profile ?? profileModel(session, options.model.signature);
    onCall(({ id, requests }) => {
      send({ kind: "answers", id, answers: scoreAll(requests, profile.maxRows) });
    });
    send({ kind: "ready", profile });
  } catch (error) {
    send({ kind: "failed", reason: (error as Error).message });
  }
}

/** An engine on the router's own thread: for models that are over before anybody would notice. */

import { createModelEngine } from "./model-engine.ts";
import type { ModelOptions } from "./model-engine.ts";
import type { Instance } from "./instance.ts";
import type { Profile } from "./profile.ts";

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export async function startInline(model: ModelOptions, profile: Profile): Promise<Instance> {
  const { session, scoreAll } = await createModelEngine(model);
  return {
    maxRequests: Math.max(profile.maxRows, burstOf(profile)),
    score: (requests) => scoreAll(requests, profile.maxRows),
    close: () => Promise.resolve(session.release()),
    // It ends with the runtime.
    ended: new Promise(() => undefined),
  };
}

/** What sockets and timers may be made to wait while requests are answered one after the other. */
const BURST_MS = 1;
const MAX_BURST = 64;

/** Requests answered in one turn of the event loop, one run each where they do not run together. */
function burstOf({ runMs }: Profile): number {
  return Math.min(MAX_BURST, Math.max(1, Math.floor(BURST_MS / runMs)));
}

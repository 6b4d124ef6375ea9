/** An engine on the router's own thread: for models that are over before anybody would notice. */

import { createModelEngine } from "./model-engine.ts";
import type { ModelOptions } from "./model-engine.ts";
import type { Instance } from "./instance.ts";
import type { Profile } from "./profile.ts";

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export async function startInline(model: ModelOptions, profile: Profile): Promise<Instance> {
  const { session, scoreAll } = await createModelEngine(model);
  return {
    maxRequests: Math.max(profile.maxRows, BURST),
    score: (requests) => Promise.resolve(scoreAll(requests, profile.maxRows)),
    close: () => Promise.resolve(session.release()),
    // It ends with the runtime.
    ended: new Promise(() => undefined),
  };
}

/** Requests answered in one turn of the event loop, one run each where they do not run together. */
const BURST = 8;

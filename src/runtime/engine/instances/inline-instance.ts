/** An engine on the router's own thread: for models that are over before anybody would notice. */

import { createModelEngine } from "../model-engine.ts";
import type { ModelEngine, ModelOptions } from "../model-engine.ts";
import type { EngineAnswer, EngineRequest, Instance } from "./instance.ts";
import type { Profile } from "../profile.ts";

/** Of a run: from here on probes, timers and other connections feel it. */
const LONG_MS = 5;
/** Calls whose CPU time is looked at once one was long by the clock. */
const WATCHED_CALLS = 50;

export type InlineOptions = {
  readonly model: ModelOptions;
  readonly profile: Profile;
  /** A run needed this long, and is not to be had here again. */
  readonly onBlocking: (cpuMs: number) => void;
};

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export async function startInline(options: InlineOptions): Promise<Instance> {
  const { model, profile } = options;
  const engine = await createModelEngine(model);
  const pace = { runMs: profile.runMs };
  return {
    get maxRequests() {
      return Math.max(profile.maxRows, burstOf(pace.runMs));
    },
    score: createScore(engine, options, pace),
    close: () => Promise.resolve(engine.session.release()),
    // It ends with the runtime.
    ended: new Promise(() => undefined),
  };
}

/**
 * What a run costs may depend on its input. The clock alone says little: a busy machine takes the CPU
 * away. So a run that was long by the clock makes the next ones be measured by their CPU time.
 */
function createScore(
  { scoreAll }: ModelEngine,
  { profile, onBlocking }: InlineOptions,
  pace: { runMs: number },
) {
  let watched = 0;
  return (requests: readonly EngineRequest[]): readonly EngineAnswer[] => {
    const before = watched > 0 ? process.cpuUsage() : undefined;
    const answers = scoreAll(requests, profile.maxRows);
    let longest = 0;
    for (const { runMs } of answers) if (runMs > longest) longest = runMs;
    pace.runMs += (longest - pace.runMs) * PACE_WEIGHT;
    if (before !== undefined) {
      const { user, system } = process.cpuUsage(before);
      const cpuMs = (user + system) / 1000 / requests.length;
      watched -= 1;
      if (longest > LONG_MS && cpuMs > LONG_MS) onBlocking(cpuMs);
    } else if (longest > LONG_MS) watched = WATCHED_CALLS;
    return answers;
  };
}

/** What sockets and timers may be made to wait while requests are answered one after the other. */
const BURST_MS = 1;
const MAX_BURST = 64;
/** Of the newest run in the pace that the next bursts are bounded by. */
const PACE_WEIGHT = 0.1;

/** Requests answered in one turn of the event loop, one run each where they do not run together. */
function burstOf(runMs: number): number {
  return Math.min(MAX_BURST, Math.max(1, Math.floor(BURST_MS / runMs)));
}

/** The engine of this machine, looked for only when it is needed: what never talks to one never loads it. */

import type { Engine } from "./engine.ts";

export function openEngineOf(
  env: Readonly<Record<string, string | undefined>>,
): () => Promise<Engine> {
  return async () => (await import("./engine.ts")).openEngine(env);
}

/** What the runtime would measure of a model and decide, without starting it: `inspect --profile`. */

import type { Signature } from "../../core/tensors/signature.ts";
import { decidePlacement } from "../../runtime/engine/placement.ts";
import type { PlacementDecision } from "../../runtime/engine/placement.ts";
import type { Profile } from "../../runtime/engine/profile.ts";
import { startProcess } from "../../runtime/engine/instances/remote-instance.ts";

export type EngineProfile = PlacementDecision & { readonly profile: Profile };

/** In a process of its own, as the only deployment of its endpoint. */
export async function profileEngine(path: string, signature: Signature): Promise<EngineProfile> {
  const model = { name: "model", version: "1", path, signature, threads: 1 };
  const engine = await startProcess({ model });
  await engine.close();
  const { profile } = engine;
  return { ...decidePlacement({ profile, main: true }), profile };
}

export function renderEngineProfile({ placement, why, profile }: EngineProfile): readonly string[] {
  const rows = Object.entries(profile.rowMs).map(([count, ms]) => `${count}: ${ms.toFixed(4)} ms`);
  return [
    `profile: ${placement}, since ${why}`,
    `profile: batching up to ${profile.maxRows}, since ${profile.batching}`,
    ...(rows.length > 0 ? [`profile: a row by the size of its batch: ${rows.join(", ")}`] : []),
  ];
}

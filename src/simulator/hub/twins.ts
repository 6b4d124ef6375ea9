/** Each module's twin: what it is asked to be, what it says it is, both with versions, on disk. */

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { writeWhole } from "../broker/whole-file.ts";
import { readState } from "../state-file.ts";
import { mergePatch } from "./merge-patch.ts";
import type { JsonObject } from "./merge-patch.ts";
import { storing } from "./storage-fault.ts";
import { twinFault } from "./twin-limits.ts";

type Section = { readonly properties: JsonObject; readonly version: number };
export type Twin = { readonly desired: Section; readonly reported: Section };
type SectionName = keyof Twin;

export type Patched =
  { readonly ok: true; readonly version: number } | { readonly ok: false; readonly fault: string };

export type Twins = {
  readonly of: (module: string) => Twin;
  /** Refused whole where the result would break a rule of the twin. @throws StorageFault */
  readonly patch: (module: string, section: SectionName, patch: JsonObject) => Patched;
};

const EMPTY: Twin = {
  desired: { properties: {}, version: 1 },
  reported: { properties: {}, version: 1 },
};

const section = z.object({ properties: z.record(z.string(), z.json()), version: z.int().min(1) });
const TWIN = z.object({ desired: section, reported: section });
const SUFFIX = ".json";

/** @throws UserError SIM_STATE where one is damaged */
export function openTwins(folder: string): Twins {
  mkdirSync(folder, { recursive: true });
  const twins = new Map<string, Twin>();
  const file = (module: string): string => join(folder, `${encodeURIComponent(module)}${SUFFIX}`);
  const of = (module: string): Twin => {
    const known = twins.get(module);
    if (known !== undefined) return known;
    const twin = readState(file(module), TWIN) ?? EMPTY;
    twins.set(module, twin);
    return twin;
  };
  // All of them now: a damaged one is told before a module starts.
  for (const name of readdirSync(folder)) {
    if (name.endsWith(SUFFIX)) of(decodeURIComponent(name.slice(0, -SUFFIX.length)));
  }
  return {
    of,
    patch: (module, name, patch) => {
      const twin = of(module);
      const fault = twinFault(patch);
      // Merged only then: a patch of any depth could not be.
      if (fault !== undefined) return { ok: false, fault };
      const properties = mergePatch(twin[name].properties, patch);
      const result = twinFault(properties);
      if (result !== undefined) return { ok: false, fault: result };
      const version = twin[name].version + 1;
      const next = { ...twin, [name]: { properties, version } };
      storing(`the twin of ${module}`, () => writeWhole(file(module), JSON.stringify(next)));
      twins.set(module, next);
      return { ok: true, version };
    },
  };
}

/** As a module gets it. */
export function renderTwin({ desired, reported }: Twin): string {
  return JSON.stringify({
    desired: { ...desired.properties, $version: desired.version },
    reported: { ...reported.properties, $version: reported.version },
  });
}

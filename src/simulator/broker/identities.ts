/** Which modules does the simulated device know, and with which keys? */

import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { z } from "zod";

import { readState } from "../state-file.ts";
import { writeWhole } from "./whole-file.ts";

export type Identities = {
  /** Makes an identity where there is none. */
  readonly add: (module: string) => void;
  readonly keyOf: (module: string) => Uint8Array | undefined;
  readonly names: () => readonly string[];
};

const KEYS = z.record(z.string(), z.base64().min(1));

/** Keys stay the same over restarts. @throws UserError SIM_STATE where the file is damaged */
export function loadIdentities(folder: string): Identities {
  const file = join(folder, "identities.json");
  const keys = new Map(Object.entries(readState(file, KEYS) ?? {}));
  return {
    add: (module) => {
      if (keys.has(module)) return;
      keys.set(module, randomBytes(32).toString("base64"));
      writeWhole(file, JSON.stringify(Object.fromEntries(keys)), 0o600);
    },
    keyOf: (module) => {
      const key = keys.get(module);
      return key === undefined ? undefined : Buffer.from(key, "base64");
    },
    names: () => [...keys.keys()],
  };
}

/** Which modules does the simulated device know, and with which keys? */

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { writeWhole } from "./whole-file.ts";

export type Identities = {
  /** Makes an identity where there is none. */
  readonly add: (module: string) => void;
  readonly keyOf: (module: string) => Uint8Array | undefined;
  readonly names: () => readonly string[];
};

/** Keys stay the same over restarts. */
export function loadIdentities(folder: string): Identities {
  const file = join(folder, "identities.json");
  const keys = new Map<string, string>(
    existsSync(file)
      ? Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, string>)
      : [],
  );
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

/** What does one run of the bench hold, and give back whatever happens: a folder and processes? */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createProcesses } from "./processes.ts";
import type { Processes } from "./processes.ts";

export type Workplace = {
  /** Temporary: models that are made, bodies, specs. */
  readonly folder: string;
  readonly processes: Processes;
  readonly say: (text: string) => void;
  readonly close: () => Promise<void>;
};

export function openWorkplace(): Workplace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "edgewright-bench-")));
  const processes = createProcesses();
  return {
    folder,
    processes,
    say: (text) => console.error(text),
    close: async () => {
      await processes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

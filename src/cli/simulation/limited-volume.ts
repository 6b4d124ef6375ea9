/** Volumes of a size, so that a scenario can fill one: a file system in memory for each. */

import { spawnSync } from "node:child_process";

import { userError } from "../../core/problem.ts";

export type LimitedVolumes = {
  readonly has: (module: string) => boolean;
  readonly release: () => void;
};

/** @throws UserError SIM_MODULE where this user may not mount */
export function limitVolumes(
  sizes: Readonly<Record<string, number>>,
  folderOf: (module: string) => string | undefined,
): LimitedVolumes {
  const mounted: string[] = [];
  const release = (): void => {
    for (const folder of mounted) spawnSync("umount", [folder]);
  };
  for (const [module, bytes] of Object.entries(sizes)) {
    const folder = folderOf(module);
    if (folder === undefined) continue;
    const size = `size=${bytes},mode=0777`;
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", folder]);
    if (status !== 0) {
      release();
      throw userError(
        "SIM_MODULE",
        `the volume of '${module}' cannot be mounted: ${String(stderr)}`,
        {
          hint: "Run it as root, or take volumes out of the scenario.",
        },
      );
    }
    mounted.push(folder);
  }
  return { has: (module) => Object.hasOwn(sizes, module), release };
}

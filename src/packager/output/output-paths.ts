/** Where do the files of a build go? Beside the archive, or into the current folder. */

import { join, resolve } from "node:path";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { LOCK_FILE } from "../base/lock.ts";
import type { PackOptions, PackOutput, PackResult } from "../pack-options.ts";

/**
 * Of `archive:X.tar` and of `oci:X` the others are X.deployment.json, X.build.json and X.cdx.json; of a
 * batch endpoint X.kubernetes.json and X.slurm.sh too.
 */
export function outputPaths(
  endpoint: ResolvedEndpoint,
  {
    output,
    workingFolder,
    specFolder,
    jobs,
  }: Pick<PackOptions, "output" | "workingFolder" | "specFolder" | "jobs">,
): PackResult["files"] {
  const image = placeOf(output, workingFolder);
  const stem = image.image?.replace(/\.tar$/u, "") ?? resolve(workingFolder, endpoint.name);
  return {
    ...image,
    manifest: `${stem}.deployment.json`,
    record: `${stem}.build.json`,
    sbom: `${stem}.cdx.json`,
    lock: join(specFolder, LOCK_FILE),
    ...(jobs && { kubernetes: `${stem}.kubernetes.json`, slurm: `${stem}.slurm.sh` }),
  };
}

function placeOf(output: PackOutput, workingFolder: string): { readonly image?: string } {
  if (output.kind === "docker") return {};
  const place = output.kind === "archive" ? output.file : output.folder;
  return { image: resolve(workingFolder, place) };
}

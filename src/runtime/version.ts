/** Which edgewright is this? Said by the package.json around it, in an image as on a workbench. */

import { readFileSync } from "node:fs";

/** `dist/src/runtime` has three folders above it, `/opt/edgewright/src/runtime` two. */
const PLACES = ["../../package.json", "../../../package.json"];

export function runtimeVersion(): string {
  for (const place of PLACES) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), "utf8");
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === "edgewright" && version !== undefined) return version;
    } catch {
      // The other layout.
    }
  }
  return "unknown";
}

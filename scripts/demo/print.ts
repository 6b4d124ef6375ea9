/** What the demo shows of a build and of its scores. */

import { readFileSync } from "node:fs";

import { renderBytes } from "../../src/cli/terminal/render.ts";
import type { Score } from "./scores.ts";

type BuildRecord = {
  readonly name: string;
  readonly images: readonly {
    readonly platform: string;
    readonly bytes: number;
    readonly layers: readonly { readonly name: string; readonly bytes: number }[];
  }[];
};

/** @param record file of the build record */
export function printImages(record: string): void {
  const { name, images } = JSON.parse(readFileSync(record, "utf8")) as BuildRecord;
  console.log(name);
  for (const { platform, bytes, layers } of images) {
    console.log(`${platform}  ${renderBytes(bytes)} to download, in ${layers.length} layers:`);
    for (const layer of layers)
      console.log(`  ${renderBytes(layer.bytes).padStart(9)}  ${layer.name}`);
  }
}

type Manifest = {
  readonly modulesContent: {
    readonly $edgeAgent: {
      readonly "properties.desired": {
        readonly modules: Readonly<
          Record<string, { readonly settings: Readonly<Record<string, string>> }>
        >;
      };
    };
  };
};

/** The module's entry in a deployment manifest, its createOptions joined and indented. */
export function printModule(manifest: string, module: string): void {
  const { modulesContent } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  const entry = modulesContent.$edgeAgent["properties.desired"].modules[module];
  if (entry === undefined) throw new Error(`the manifest has no module ${module}`);
  const { image, ...pieces } = entry.settings;
  const options = Object.keys(pieces)
    .toSorted()
    .map((key) => pieces[key])
    .join("");
  console.log(`module ${module}, image ${image}, createOptions:`);
  console.log(JSON.stringify(JSON.parse(options), null, 2));
}

export function printScores(scores: readonly Score[]): void {
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  for (const { deployment, requests, share, accuracy, latenciesMs } of scores) {
    const at = (quantile: number): string =>
      (latenciesMs[Math.min(requests - 1, Math.floor(requests * quantile))] ?? 0).toFixed(2);
    console.log(
      `${deployment.padEnd(6)} ${percent(share)} of the requests (${requests}), ` +
        `latency p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, accuracy ${percent(accuracy)}`,
    );
  }
}

/** `edgewright diff OLD NEW`: what a device that has OLD downloads for NEW. */

import { tmpdir } from "node:os";

import { diffImages } from "../../packager/update/image-diff.ts";
import { ENGINES } from "../../packager/update/update-cost.ts";
import type { EngineKind, UpdateCost } from "../../packager/update/update-cost.ts";
import { renderBar } from "../terminal/bars.ts";
import { UsageError } from "../command.ts";
import type { Command, Invocation } from "../command.ts";
import { renderBytes } from "../terminal/render.ts";

export const DIFF: Command = {
  name: "diff",
  usage: "OLD NEW",
  summary: "what a device that has OLD downloads for NEW: tars, layout folders, docker-daemon:REF",
  options: {
    platform: { type: "string", value: "PLATFORM", summary: "linux/amd64 otherwise" },
    engine: { type: "string", value: ENGINES.join("|"), summary: "overlay2 otherwise" },
    "old-loaded": { type: "boolean", summary: "OLD came by docker load and was never pulled" },
  },
  run: async ({ args, cwd, env, options, signal }) => {
    const [old, next] = args;
    if (old === undefined || next === undefined || args.length > 2)
      throw new UsageError("diff takes two images: OLD NEW");
    const { platform = "linux/amd64" } = options;
    const { cost, indexBytes, problems } = await diffImages(old, next, {
      platform: String(platform),
      engine: engineOf(options),
      oldLoaded: options["old-loaded"] === true,
      workingFolder: cwd,
      temporaryFolder: tmpdir(),
      signal,
      env,
    });
    return { problems, json: { ...cost, index: indexBytes }, text: render(cost, indexBytes) };
  },
};

function engineOf({ engine = "overlay2" }: Invocation["options"]): EngineKind {
  const known = ENGINES.find((name) => name === engine);
  if (known === undefined)
    throw new UsageError(`--engine is '${String(engine)}', expected ${ENGINES.join(" or ")}`);
  return known;
}

function render(cost: UpdateCost, indexBytes: number): string {
  const most = Math.max(...cost.layers.map(({ size }) => size), 1);
  const rows = cost.layers.map(({ name, size, fetched, reason }) => {
    const bytes = fetched ? renderBytes(size) : "-";
    return `${bytes.padStart(9)}  ${renderBar(fetched ? size : 0, most)}  ${name}: ${reason}`;
  });
  return [
    ...rows,
    `${renderBytes(cost.config + cost.manifest).padStart(9)}  config and manifest`,
    `${renderBytes(cost.bytes)} (${cost.bytes} bytes) are fetched with ${cost.engine}` +
      (indexBytes > 0 ? `, and ${indexBytes} more where the name leads to all platforms` : ""),
  ].join("\n");
}

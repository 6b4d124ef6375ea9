/** `edgewright plan SPEC`: which layers the images will have, and how large they are. */

import { planLayers } from "../../packager/plan-layers.ts";
import type { PlannedImage } from "../../packager/plan-layers.ts";
import { ASSEMBLE_OPTIONS, assembleOptions } from "../given/assemble-options.ts";
import { renderBar } from "../terminal/bars.ts";
import type { Command } from "../command.ts";
import { DEVICE_OPTION, loadEndpoint } from "../given/endpoint.ts";
import { MODEL_OPTIONS } from "../given/models.ts";
import { renderBytes } from "../terminal/render.ts";

export const PLAN: Command = {
  name: "plan",
  usage: "SPEC...",
  summary: "layers and sizes of the images before they are built",
  options: { ...ASSEMBLE_OPTIONS, ...MODEL_OPTIONS, ...DEVICE_OPTION },
  run: async (invocation) => {
    const read = await loadEndpoint(invocation);
    if (!read.ok) return { problems: read.problems };
    const { endpoint, models } = read.value;
    const options = { ...assembleOptions(invocation, endpoint), models };
    const { platforms, problems: found } = await planLayers(endpoint, options);
    return {
      problems: [...read.problems, ...found],
      json: { platforms },
      text: platforms.map(render).join("\n"),
    };
  },
};

function render({ platform, bytes, layers }: PlannedImage): string {
  const most = Math.max(...layers.map((layer) => layer.bytes), 1);
  const largest = layers.find((layer) => layer.bytes === most);
  const rows = layers.map((layer) => {
    const state = layer.cached ? "" : "  (made now)";
    return `${renderBytes(layer.bytes).padStart(9)}  ${renderBar(layer.bytes, most)}  ${layer.name}${state}`;
  });
  return [
    `${platform}  ${renderBytes(bytes)} in ${layers.length} layers, the largest is ${largest?.name}`,
    ...rows,
  ].join("\n");
}

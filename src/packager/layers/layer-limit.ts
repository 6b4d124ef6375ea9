/** How many layers may an image have? Engines refuse 126; weights of many files share layers before. */

import { userError } from "../../core/problem.ts";
import type { LayerSource } from "./layer-source.ts";

/** The base's included. @source Docker 20.10: 125 layers load, 126 give "max depth exceeded" */
export const MOST_LAYERS = 100;

export type ManyLayers = {
  readonly bodies: readonly LayerSource[];
  readonly heads: readonly LayerSource[];
  readonly codes: readonly LayerSource[];
};

export type FewLayers = {
  readonly body: readonly LayerSource[];
  readonly head: readonly LayerSource[];
  readonly code: readonly LayerSource[];
};

/** One for bodies, heads and code each. */
const LEAST_ROOM = 3;

/** @param others layers that stand beside these  @throws UserError where they leave no room */
export function fitLayers({ bodies, heads, codes }: ManyLayers, others: number): FewLayers {
  const room = MOST_LAYERS - others;
  if (room < LEAST_ROOM) {
    const message = `The base leaves no room: with ours there are ${others} layers before the first model, and an image has at most ${MOST_LAYERS}.`;
    throw userError("BUILD_BASE", message, { hint: "Squash the base, or take another one." });
  }
  const mostCode = Math.max(Math.floor(room / 2), room - heads.length - bodies.length);
  const code = joinNeighbours(codes, mostCode);
  const rest = room - code.length;
  const head = joinNeighbours(heads, Math.max(Math.ceil(rest / 2), rest - bodies.length));
  const body = joinNeighbours(bodies, Math.max(1, rest - head.length));
  return { body, head, code };
}

/**
 * Neighbours put together until there are at most `most`.
 *
 * @param most at least 1
 */
function joinNeighbours(layers: readonly LayerSource[], most: number): readonly LayerSource[] {
  if (layers.length <= most) return layers;
  const each = Math.ceil(layers.length / Math.max(1, most));
  const joined: LayerSource[] = [];
  for (let at = 0; at < layers.length; at += each) joined.push(join(layers.slice(at, at + each)));
  return joined;
}

function join(layers: readonly LayerSource[]): LayerSource {
  const [first, ...others] = layers;
  if (first === undefined) throw new Error("a layer of nothing");
  if (others.length === 0) return first;
  return {
    name: `${first.name} to ${others.at(-1)?.name}`,
    group: first.group,
    key: JSON.stringify(layers.map(({ key }) => key)),
    entries: async () => (await Promise.all(layers.map((layer) => layer.entries()))).flat(),
  };
}

/** How many layers may an image have? Engines refuse 126; weights of many files share layers before. */

import type { LayerSource } from "./layer-source.ts";

/** The base's included. @source Docker 20.10: 125 layers load, 126 give "max depth exceeded" */
export const MOST_LAYERS = 100;

/**
 * Neighbours put together until there are at most `most`.
 *
 * @param most at least 1
 */
export function joinNeighbours(
  layers: readonly LayerSource[],
  most: number,
): readonly LayerSource[] {
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

/** Which deployment takes the next request: exact shares over every window, not chance. */

export type Weighted = { readonly name: string; readonly weight: number };

/**
 * Smooth weighted round robin. Over any `sum of weights` picks in a row each name comes exactly
 * `weight` times, and rare ones are spread out. Weights of 0 never come.
 *
 * @source nginx/nginx: src/http/ngx_http_upstream_round_robin.c (the method)
 */
export function createPicker(entries: readonly Weighted[]): () => string | undefined {
  const live = entries
    .filter((entry) => entry.weight > 0)
    .map(({ name, weight }) => ({ name, weight, current: 0 }));
  const total = live.reduce((sum, entry) => sum + entry.weight, 0);
  return () => {
    let best: (typeof live)[number] | undefined;
    for (const entry of live) {
      entry.current += entry.weight;
      if (best === undefined || entry.current > best.current) best = entry;
    }
    if (best !== undefined) best.current -= total;
    return best?.name;
  };
}

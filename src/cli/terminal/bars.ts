/** A bar of a chart in text: how much is something of the most? */

const WIDTH = 24;

/** Anything above nothing is seen. */
export function renderBar(value: number, most: number): string {
  const length = value === 0 ? 0 : Math.max(1, Math.round((value / most) * WIDTH));
  return "█".repeat(length).padEnd(WIDTH);
}

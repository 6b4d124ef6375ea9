/** How long is `30s`? */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; a bare number counts seconds. */
export function durationMs(text: string | number): number {
  if (typeof text === "number") return text * 1000;
  const unit = /[a-z]+$/.exec(text)?.[0] ?? "s";
  return Number.parseFloat(text) * (UNITS[unit] ?? 1000);
}

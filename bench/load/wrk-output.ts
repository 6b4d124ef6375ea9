/** What did wrk see: how many requests, how fast, how many of them failed? */

export type WrkResult = {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and connections that broke or timed out. */
  readonly failed: number;
};

const MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };

/** @throws Error with the text where it is not what `wrk --latency` prints */
export function parseWrkOutput(text: string): WrkResult {
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`wrk said something else than figures:\n${text}`);
    return Number(found);
  };
  const optional = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const broken = /Socket errors: (.*)/u.exec(text)?.[1] ?? "";
  const errors = [...broken.matchAll(/\d+/gu)].reduce((sum, [count]) => sum + Number(count), 0);
  return {
    requests: number(/(\d+) requests in/u),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/u),
    p50Ms: percentileMs(text, 50),
    p99Ms: percentileMs(text, 99),
    failed: optional(/Non-2xx or 3xx responses: (\d+)/u) + errors,
  };
}

function percentileMs(text: string, percent: number): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m|h) *$`, "mu").exec(text);
  if (found === null) throw new Error(`wrk said nothing of ${percent} %:\n${text}`);
  return Number(found[1]) * (MS[found[2] ?? ""] ?? Number.NaN);
}

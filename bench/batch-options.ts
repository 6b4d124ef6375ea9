/** What was asked of the bench of batch jobs? */

import { parseArgs } from "node:util";

export type BatchBenchOptions = {
  /** With a CSV of 5 GB, too. */
  readonly large: boolean;
  /** Where other people's models are. */
  readonly models?: string;
  /** Where the page is; without it the table goes to stdout. */
  readonly out?: string;
};

export const BATCH_USAGE = `usage: npm run bench:batch -- [options]
  --large       a CSV of 5 GB, too
  --models DIR  other people's models; ../shared/models otherwise
  --out DIR     writes the section on batch jobs of performance.md there, and nothing else of it`;

/** @throws Error that says what is wrong */
export function parseBatchOptions(args: readonly string[]): BatchBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      large: { type: "boolean", default: false },
      models: { type: "string" },
      out: { type: "string" },
    },
  });
  const { large, models, out } = values;
  return { large, ...(models !== undefined && { models }), ...(out !== undefined && { out }) };
}

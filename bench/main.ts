/**
 * What serving costs on this machine, beside a bare server and anybody's: `npm run bench`. Nothing
 * passes or fails here; the exit code is 1 where nothing could be measured.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runBench } from "./bench.ts";
import { NO_WRK, NO_WRK_HINT, hasWrk } from "./load/wrk.ts";
import { parseOptions, USAGE } from "./options.ts";
import type { BenchOptions } from "./options.ts";
import { machine } from "./report/machine.ts";
import { renderPage, renderPicture } from "./report/page.ts";
import type { Results } from "./report/page.ts";
import { BATCH_SECTION, sectionOf } from "./report/section.ts";
import { openWorkplace } from "./workplace.ts";

const SHARED_MODELS = fileURLToPath(new URL("../../../shared/models", import.meta.url));

function readOptions(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function method({ rounds, seconds, connections }: BenchOptions): string {
  return `Medians of ${rounds} rounds of ${seconds} s in which the servers took turns, after one of each that does not count; wrk at ${connections.join(", ")} connections that stay open, flat data of six decimals.`;
}

function write(results: Results, out: string | undefined): void {
  const page = renderPage(results);
  if (out === undefined) {
    console.log(page);
    return;
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, "performance.md");
  // Written by the bench of batch jobs, which measures for itself.
  const batch = existsSync(file) ? sectionOf(readFileSync(file, "utf8"), BATCH_SECTION) : "";
  writeFileSync(file, batch === "" ? page : `${page.trimEnd()}\n\n${batch}`);
  writeFileSync(join(out, "performance.svg"), renderPicture(results.scorings));
  console.error(`written: ${file} and performance.svg`);
}

const options = readOptions();
if (!hasWrk()) {
  console.error(`bench: ${NO_WRK}\nhint: ${NO_WRK_HINT}`);
  process.exit(1);
}
const workplace = openWorkplace();
let leaving = false;
/** Everything that was started ends first, also when it was this bench that failed. */
async function leave(exitCode: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  await workplace.close();
  process.exit(exitCode);
}
process.on("SIGINT", () => void leave(130));
process.on("SIGTERM", () => void leave(143));
process.on("uncaughtException", (error) => {
  if (!leaving) console.error(error);
  void leave(70);
});
try {
  const folders = { models: options.models ?? SHARED_MODELS, made: workplace.folder };
  const found = await runBench({ workplace, options, folders });
  write({ machine: machine(), method: method(options), ...found }, options.out);
  await leave(0);
} catch (error) {
  // What fails while everything is being ended was ended by us.
  if (!leaving) console.error(`bench: ${(error as Error).message}`);
  await leave(1);
}

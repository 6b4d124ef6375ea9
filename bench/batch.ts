/**
 * What a batch job without a script costs: rows a second beside two bare loops, and where the time
 * goes by kind of input: `npm run bench:batch`.
 */

import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";

import type { Report } from "../src/runtime/batch/report/report.ts";
import { BATCH_USAGE, parseBatchOptions } from "./batch-options.ts";
import type { BatchBenchOptions } from "./batch-options.ts";
import { writeCsv, writeItems, writeNpy } from "./load/rows.ts";
import { measureRunFloor } from "./measures/run-floor.ts";
import { findModel } from "./models/bench-model.ts";
import type { BenchModel } from "./models/bench-model.ts";
import { machine } from "./report/machine.ts";
import { BATCH_SECTION, withSection } from "./report/section.ts";
import { renderTable } from "./report/table.ts";
import type { Column } from "./report/table.ts";
import { BIN } from "./servers/edgewright.ts";
import { openWorkplace } from "./workplace.ts";

const SHARED_MODELS = fileURLToPath(new URL("../../../shared/models", import.meta.url));
const WORKERS = 2;
const FLOOR_SECONDS = 4;
const MB = 1e6;

type Row = {
  readonly what: string;
  readonly rows: number;
  readonly perSecond: number;
  /** Of two bare loops over data in memory. */
  readonly ofBare: number;
  /** Parts of the workers' time. */
  readonly shares: { readonly read: number; readonly run: number; readonly write: number };
  readonly peakMb: number;
};

const COLUMNS: readonly Column<Row>[] = [
  { title: "input", of: ({ what }) => what },
  { title: "rows", align: "right", of: ({ rows }) => String(rows) },
  { title: "rows/s", align: "right", of: ({ perSecond }) => perSecond.toFixed(0) },
  {
    title: "of two bare loops",
    align: "right",
    of: ({ ofBare }) => `${(ofBare * 100).toFixed(0)} %`,
  },
  { title: "reading", align: "right", of: ({ shares }) => percent(shares.read) },
  { title: "running", align: "right", of: ({ shares }) => percent(shares.run) },
  { title: "writing", align: "right", of: ({ shares }) => percent(shares.write) },
  { title: "peak MB", align: "right", of: ({ peakMb }) => peakMb.toFixed(0) },
];

function readOptions(): BatchBenchOptions {
  try {
    return parseBatchOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n${BATCH_USAGE}`);
    process.exit(2);
  }
}

const METHOD = `Each job is one start of \`batch\` with ${WORKERS} workers, its rows a second over the whole of its time; beside it ${WORKERS} processes that call \`session.run\` over one row in memory, at the same time.`;

function publish(rows: readonly Row[], out: string | undefined): void {
  const table = renderTable(COLUMNS, rows);
  if (out === undefined) {
    console.log(table);
    return;
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, "performance.md");
  const page = existsSync(file) ? readFileSync(file, "utf8") : "# Performance\n";
  writeFileSync(file, withSection(page, BATCH_SECTION, `${machine()} ${METHOD}\n\n${table}`));
  console.error(`written: the section '${BATCH_SECTION}' of ${file}`);
}

const { large, models = SHARED_MODELS, out } = readOptions();
const workplace = openWorkplace();
const { folder, processes, say } = workplace;

/** Both at once, as two workers are. Rows a second. */
async function bareRowsPerSecond(model: BenchModel): Promise<number> {
  const floors = await Promise.all(
    Array.from({ length: WORKERS }, () => measureRunFloor(workplace, model, FLOOR_SECONDS)),
  );
  return floors.reduce((sum, { wallMs }) => sum + 1000 / wallMs, 0);
}

type Case = {
  readonly what: string;
  readonly model: BenchModel;
  readonly rows: number;
  readonly format: "npy" | "csv";
  /** Puts the rows into a folder. */
  readonly write: (folder: string, width: number, rows: number) => void;
};

async function measure({ what, model, rows, format, write }: Case): Promise<Row> {
  say(what);
  const place = join(folder, what.replaceAll(/\W+/gu, "-"));
  mkdirSync(join(place, "in"), { recursive: true });
  const width = model.input.dims.reduce((product, dim) => product * dim, 1);
  write(join(place, "in"), width, rows);
  const spec = join(place, "endpoint.yml");
  writeFileSync(
    spec,
    `name: bench-batch
type: batch
deployments:
  blue:
    model: { path: ${JSON.stringify(model.path)} }
    settings: { mini_batch_size: 100, max_concurrency_per_instance: ${WORKERS}, output_file_name: out.${format} }
`,
  );
  const bare = await bareRowsPerSecond(model);
  const flags = ["--input", join(place, "in"), "--output", join(place, "out"), "--format", format];
  const child = processes.start(process.execPath, [BIN, "batch", spec, ...flags, "--json"]);
  let peakMb = 0;
  const watch = setInterval(() => (peakMb = Math.max(peakMb, peakOf(child.pid))), 50);
  const [said, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  clearInterval(watch);
  if (code !== 0) throw new Error(`${what}: exit code ${code}: ${said}`);
  const report = JSON.parse(readFileSync(join(place, "out", "report.json"), "utf8")) as Report;
  const { elapsedMs, totals } = report;
  const { readMs, runMs, writeMs } = totals.timing;
  const all = readMs + runMs + writeMs;
  const perSecond = (totals.rows * 1000) / elapsedMs;
  return {
    what,
    rows: totals.rows,
    perSecond,
    ofBare: perSecond / bare,
    shares: { read: readMs / all, run: runMs / all, write: writeMs / all },
    peakMb,
  };
}

/** The largest that its memory has been, of the job's process. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return (Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1] ?? 0) * 1024) / MB;
  } catch {
    return 0;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

const mnist = findModel("mnist", models);
const ultraface = findModel("ultraface", models);
const cases: Case[] = [];
if (mnist !== undefined) {
  cases.push(
    { what: "mnist, NPY to NPY", model: mnist, rows: 300_000, format: "npy", write: writeNpy },
    {
      what: "mnist, CSV of 784 columns",
      model: mnist,
      rows: 70_000,
      format: "csv",
      write: writeCsv,
    },
    { what: "mnist, one file a row", model: mnist, rows: 50_000, format: "csv", write: writeItems },
  );
}
if (ultraface !== undefined) {
  const model = ultraface;
  cases.push({ what: "ultraface, NPY to NPY", model, rows: 1000, format: "npy", write: writeNpy });
}
if (mnist !== undefined && large) {
  const model = mnist;
  cases.push({ what: "mnist, CSV of 5 GB", model, rows: 700_000, format: "csv", write: writeCsv });
}

try {
  if (cases.length === 0) throw new Error(`neither mnist nor ultraface is in ${models}`);
  const rows: Row[] = [];
  for (const one of cases) rows.push(await measure(one));
  publish(rows, out);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await workplace.close();
}

/** What a loaded model costs: one run, and a row when many run together. Bounded in time and memory. */

import type { Signature } from "../../core/tensors/signature.ts";
import { allocate, DTYPES, elementCount } from "../../core/tensors/tensor.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import type { GraphTraits } from "../../model/graph-traits.ts";
import type { Session } from "../../model/onnxruntime.ts";
import type { Feeds } from "../wire/model-request.ts";
import { isBatchable, joinTensors } from "./batch.ts";

export type Profile = {
  /** Median of one run of one item. */
  readonly runMs: number;
  /** Cost of a row by the number of rows that ran together; empty where that was not tried. */
  readonly rowMs: Readonly<Record<number, number>>;
  /** Rows that may run together: 1 where it does not gain, or the results are not the same. */
  readonly maxRows: number;
  /** Why `maxRows` is what it is. */
  readonly batching: string;
  /** Why one run says little about the next: its time may depend on what is sent. */
  readonly variesWith?: string;
  /** What a run on made-up input failed with; nothing was measured then. */
  readonly fault?: string;
};

const RUNS = 5;
const RUN_BUDGET_MS = 100;
const BATCH_SIZES = [4, 16, 64] as const;
const BATCH_BUDGET_MS = 400;
/** Of the inputs of one batch. */
const BATCH_BUDGET_BYTES = 32 * 1024 * 1024;
/** A batch must make a row at least this much cheaper. */
const GAIN = 0.8;
/** Largest difference to single runs, as a part of the largest value: sums in another order. */
const TOLERANCE = 1e-5;

export type ProfileOptions = {
  /** What is known of the model's graph. */
  readonly traits?: GraphTraits;
  /** In ms, on a clock that never jumps. */
  readonly now?: () => number;
};

/** Rows of very different size: what looks at all of them together shows. */
const SCALES = [1, 1000, 0.001];

/** Runs on made-up input; the first run, which sets the library up, is not counted. */
export function profileModel(
  session: Session,
  signature: Signature,
  { traits = {}, now = () => performance.now() }: ProfileOptions = {},
): Profile {
  const varies = variesWith(signature, traits);
  const names = signature.outputs.map((output) => output.name);
  const run = (feeds: Feeds): readonly Tensor[] => session.run(feeds, names);
  try {
    const single = feedsOf(signature, 0);
    const first = timed(() => run(single), now);
    const runMs = first > RUN_BUDGET_MS ? first : measure(() => run(single), RUN_BUDGET_MS, now);
    const batches = profileBatches(signature, { run, runMs, now, mixer: traits.mixesRows });
    return { runMs, ...batches, ...(varies !== undefined && { variesWith: varies }) };
  } catch (error) {
    const fault = (error as Error).message;
    return { runMs: 0, rowMs: {}, maxRows: 1, batching: "nothing could be measured", fault };
  }
}

type Trial = {
  readonly run: (feeds: Feeds) => readonly Tensor[];
  readonly runMs: number;
  readonly now: () => number;
  readonly mixer: string | undefined;
};

/** Open dimensions, but for a batch axis that all inputs share, and control flow. */
function variesWith({ inputs }: Signature, { variesInTime }: GraphTraits): string | undefined {
  if (variesInTime !== undefined) return `the operator ${variesInTime}`;
  const open = inputs.find(({ shape }) => {
    const rest = shape?.slice(1);
    return rest === undefined || rest.some((dim) => typeof dim === "string");
  });
  return open && `the open dimensions of input '${open.name}'`;
}

function profileBatches(
  signature: Signature,
  { run, runMs, now, mixer }: Trial,
): Pick<Profile, "rowMs" | "maxRows" | "batching"> {
  const rowMs: Record<number, number> = {};
  const one = (batching: string) => ({ rowMs, maxRows: 1, batching });
  if (!isBatchable(signature)) return one("the model has no batch axis");
  if (mixer !== undefined) return one(`rows may change each other: ${mixer}`);
  let best = 1;
  let lastRowMs = runMs;
  for (const rows of BATCH_SIZES) {
    // A row costs at most what it cost in the batch before.
    if (rows * bytesOf(signature) > BATCH_BUDGET_BYTES || rows * lastRowMs > BATCH_BUDGET_MS) break;
    const batch = joined(signature, rows);
    run(batch);
    const cost = measure(() => run(batch), BATCH_BUDGET_MS / 4, now) / rows;
    rowMs[rows] = cost;
    lastRowMs = Math.min(lastRowMs, cost);
    if (cost < runMs * GAIN && cost < (rowMs[best] ?? runMs)) best = rows;
  }
  if (Object.keys(rowMs).length === 0) return one("a batch would take too much time or memory");
  if (best === 1) return one("a row costs the same in a batch");
  const share = ((rowMs[best] ?? 0) / runMs).toFixed(2);
  if (!keepsRowsApart(signature, run)) return one("a batch gives other results than single runs");
  return { rowMs, maxRows: best, batching: `a row of ${best} costs ${share} of a single one` };
}

/** Whether different rows in one run give what each gives alone. */
function keepsRowsApart(signature: Signature, run: Trial["run"]): boolean {
  const rows = 3;
  const together = run(joined(signature, rows));
  return Array.from({ length: rows }, (_, row) => run(feedsOf(signature, row))).every(
    (alone, row) => alone.every((tensor, index) => isRowOf(tensor, together[index], row)),
  );
}

function isRowOf(alone: Tensor, together: Tensor | undefined, row: number): boolean {
  const width = elementCount(alone.dims);
  if (together === undefined || elementCount(together.dims) % width !== 0) return false;
  let largest = 0;
  for (const value of alone.data) largest = Math.max(largest, Math.abs(Number(value)) || 0);
  for (let index = 0; index < width; index += 1) {
    const a = alone.data[index];
    const b = together.data[row * width + index];
    if (a !== b && !(Math.abs(Number(a) - Number(b)) <= TOLERANCE * largest)) return false;
  }
  return true;
}

function joined(signature: Signature, rows: number): Feeds {
  const single = Array.from({ length: rows }, (_, row) => feedsOf(signature, row));
  const feeds = signature.inputs.map(({ name }) => {
    return [name, joinTensors(single.map((one) => one[name] as Tensor))] as const;
  });
  return Object.fromEntries(feeds);
}

/** One item, another for each `row`: fractions for floats, zeros and ones for the rest. */
function feedsOf(signature: Signature, row: number): Feeds {
  const feeds = signature.inputs.map(({ name, type, shape }) => {
    const dims = (shape ?? [1]).map((dim) => (typeof dim === "number" ? dim : 1));
    const data = allocate(type, elementCount(dims)) as { [index: number]: unknown };
    for (let index = 0; index < elementCount(dims); index += 1) {
      const fraction = ((index * 7919 + row * 104_729) % 1009) / 1009;
      if (type === "float32" || type === "float64")
        data[index] = (fraction - 0.5) * (SCALES[row] ?? 1);
      // The bits of the halves from 1 to 2 are consecutive.
      else if (type === "float16") data[index] = 0x3c00 + Math.floor(fraction * 1024);
      else if (type === "int64" || type === "uint64") data[index] = fraction < 0.5 ? 0n : 1n;
      else if (type !== "string") data[index] = fraction < 0.5 ? 0 : 1;
    }
    return [name, { type, dims, data } as unknown as Tensor] as const;
  });
  return Object.fromEntries(feeds);
}

function bytesOf({ inputs }: Signature): number {
  return inputs.reduce((sum, { type, shape }) => {
    const dims = (shape ?? []).map((dim) => (typeof dim === "number" ? dim : 1));
    return sum + elementCount(dims) * DTYPES[type].bytes;
  }, 0);
}

function timed(work: () => unknown, now: () => number): number {
  const start = now();
  work();
  return now() - start;
}

/** Median of a few calls, fewer where they take long. */
function measure(work: () => unknown, budgetMs: number, now: () => number): number {
  const times: number[] = [];
  const start = now();
  do times.push(timed(work, now));
  while (times.length < RUNS && now() - start < budgetMs);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

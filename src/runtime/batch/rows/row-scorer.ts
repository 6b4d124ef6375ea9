/** A mini-batch of files through the model: read, run as many rows together as gain, write. */

import { join } from "node:path";

import type { Signature } from "../../../core/tensors/signature.ts";
import { elementCount } from "../../../core/tensors/tensor.ts";
import type { Tensor, TensorData } from "../../../core/tensors/tensor.ts";
import type { Session } from "../../../model/onnxruntime.ts";
import { outputNames } from "../../wire/model-request.ts";
import type { Attempt, FileError, MiniBatch, Timing } from "../workers/mini-batch.ts";
import type { RowBlock } from "./row-block.ts";
import { inputRows } from "./row-layout.ts";
import type { RowSpec } from "./row-layout.ts";
import { createRowWriter } from "./row-output.ts";
import type { RowWriter } from "./row-output.ts";
import { readRows } from "./row-reader.ts";
import type { Format } from "../settings.ts";

export type RowScorerOptions = {
  readonly session: Session;
  readonly signature: Signature;
  readonly format: Format;
  readonly root: string;
  /** Rows that may run together. */
  readonly maxRows: number;
  /** Whether to end before the next run. */
  readonly stopped: () => boolean;
  readonly now: () => number;
};

/** Of one mini-batch: the rest is counted by the files alone. */
const MAX_ROW_ERRORS = 100;

/** @throws Error where the model or the format cannot be used without a script */
export function createRowScorer(options: RowScorerOptions): (miniBatch: MiniBatch) => Attempt {
  const { signature, root, stopped, now } = options;
  const inputs = inputRows(signature);
  const writer = createRowWriter(options.format, signature);
  return ({ files, paths, span }) => {
    const errors: FileError[] = [];
    const watch = createStopwatch(now);
    let rows = 0;
    for (const [index, path] of paths.entries()) {
      const file = files[index] ?? 0;
      let failed = 0;
      const fail = (row: number | undefined, message: string): void => {
        failed += 1;
        if (failed > 1 && errors.length >= MAX_ROW_ERRORS) return;
        errors.push({ file, path, ...(row !== undefined && { row }), message });
      };
      try {
        const block = watch.measured("readMs", () => readRows(join(root, path), span, inputs));
        for (const { row, message } of block.errors) fail(row, message);
        rows += scoreBlock({ path, block, fail, writer, watch, inputs }, options);
      } catch (error) {
        fail(undefined, isNoText(path, error) ? NO_TEXT : (error as Error).message);
      }
    }
    if (stopped()) return { kind: "failed", reason: "the job stops", runMs: 0 };
    const bytes = watch.measured("writeMs", () => writer.take());
    const timing = watch.timing();
    return { kind: "scored", rows, head: writer.head, bytes, failedItems: 0, errors, timing };
  };
}

const NO_TEXT = "its name is no UTF-8, so it cannot be opened: rename the file";

/** A name whose bytes are no text has U+FFFD in their place here, and nothing is called so. */
function isNoText(path: string, error: unknown): boolean {
  return path.includes("\uFFFD") && (error as NodeJS.ErrnoException).code === "ENOENT";
}

type Stopwatch = {
  readonly measured: <T>(key: keyof Timing, work: () => T) => T;
  readonly timing: () => Timing;
};

function createStopwatch(now: () => number): Stopwatch {
  const timing = { readMs: 0, runMs: 0, writeMs: 0 };
  return {
    measured: (key, work) => {
      const start = now();
      try {
        return work();
      } finally {
        timing[key] += now() - start;
      }
    },
    timing: () => timing,
  };
}

type BlockWork = {
  readonly path: string;
  readonly block: RowBlock;
  readonly fail: (row: number, message: string) => void;
  readonly writer: RowWriter;
  readonly watch: Stopwatch;
  readonly inputs: readonly RowSpec[];
};

/** @returns rows that were scored */
function scoreBlock(work: BlockWork, { session, signature, maxRows, stopped }: RowScorerOptions) {
  const { path, block, fail, writer, watch, inputs } = work;
  const names = outputNames(signature);
  const total = block.numbers.length;
  let together = maxRows;
  let rows = 0;
  for (let start = 0; start < total && !stopped();) {
    const count = Math.min(together, total - start);
    try {
      const feeds = feedsOf(block, inputs, { start, count });
      const outputs = watch.measured("runMs", () => session.run(feeds, names));
      const split = splitRows(outputs, count);
      if (split === undefined) throw new Error(`an output has not the ${count} rows of the input`);
      watch.measured("writeMs", () => {
        for (const [index, row] of split.entries()) {
          writer.row(path, block.numbers[start + index] ?? 0, row);
        }
      });
      rows += count;
      start += count;
    } catch (error) {
      // One row must not spoil those beside it.
      if (count > 1) together = 1;
      else {
        fail(block.numbers[start] ?? 0, (error as Error).message);
        start += 1;
      }
    }
  }
  return rows;
}

function feedsOf(
  block: RowBlock,
  inputs: readonly RowSpec[],
  { start, count }: { readonly start: number; readonly count: number },
): Readonly<Record<string, Tensor>> {
  const feeds = inputs.map(({ spec, dims, width, axis }, index) => {
    const data = part(block.data[index] as TensorData, start * width, (start + count) * width);
    return [spec.name, { type: spec.type, dims: axis ? [count, ...dims] : dims, data }] as const;
  });
  return Object.fromEntries(feeds);
}

function part(data: TensorData, start: number, end: number): TensorData {
  return ArrayBuffer.isView(data) ? data.subarray(start, end) : data.slice(start, end);
}

/** Outputs of each row; undefined where one has not as many rows. */
function splitRows(
  outputs: readonly Tensor[],
  count: number,
): readonly (readonly Tensor[])[] | undefined {
  if (count > 1 && outputs.some(({ dims }) => dims[0] !== count)) return undefined;
  return Array.from({ length: count }, (_, row) =>
    outputs.map(({ type, dims, data }) => {
      if (dims[0] !== count) return { type, dims, data };
      const rest = dims.slice(1);
      const width = elementCount(rest);
      return { type, dims: rest, data: part(data, row * width, (row + 1) * width) };
    }),
  );
}

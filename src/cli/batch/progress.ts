/** How does a job look to whoever waits for it? A bar on a terminal, plain lines elsewhere. */

import { renderProgress } from "../../runtime/batch/report/progress.ts";
import type { Progress } from "../../runtime/batch/report/progress.ts";
import type { Invocation } from "../command.ts";

const BAR_WIDTH = 24;
/** Of a terminal that does not say. */
const COLUMNS = 80;
/** Lines of a log need no more. */
const LINE_MS = 10_000;

export type ProgressView = {
  readonly show: (progress: Progress) => void;
  readonly end: () => void;
};

export function createProgressView({ progress: write, options }: Invocation): ProgressView {
  if (process.stderr.isTTY && options["json"] !== true) return createBar(process.stderr);
  let last: number | undefined;
  return {
    show: (progress) => {
      if (last !== undefined && progress.updatedMs - last < LINE_MS) return;
      last = progress.updatedMs;
      write(renderProgress(progress));
    },
    end: () => undefined,
  };
}

function createBar(terminal: NodeJS.WriteStream): ProgressView {
  let shown = false;
  return {
    show: (progress) => {
      shown = true;
      const { totals, total } = progress;
      const filled = total === 0 ? BAR_WIDTH : Math.floor((totals.files / total) * BAR_WIDTH);
      const bar = "█".repeat(filled).padEnd(BAR_WIDTH, "░");
      const line = `${bar} ${renderProgress(progress)}`;
      terminal.write(`\r\u001B[K${line.slice(0, (terminal.columns || COLUMNS) - 1)}`);
    },
    end: () => {
      if (shown) terminal.write("\n");
    },
  };
}

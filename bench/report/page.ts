/** How do the results of a run become one Markdown page and one picture? */

import type { Finding } from "../measures/finding.ts";
import type { RunFloor } from "../measures/run-floor.ts";
import type { Scoring } from "../measures/scoring.ts";
import type { Panel } from "./plot.ts";
import { renderPlot } from "./plot.ts";
import { ratiosOf } from "./ratio.ts";
import type { Column } from "./table.ts";
import { renderTable } from "./table.ts";

export type Floor = RunFloor & { readonly model: string; readonly made: boolean };

export type Results = {
  /** What it ran on, and how: one sentence. */
  readonly machine: string;
  readonly method: string;
  readonly scorings: readonly Scoring[];
  readonly floors: readonly Floor[];
  readonly findings: readonly Finding[];
  /** Each with its reason. */
  readonly leftOut: readonly string[];
};

const EXPLANATION = `Absolute figures say more about the machine than about the server; what holds is the ratio to the bare server, which is \`node:http\` and \`session.run\` and nothing else ([bench/bare-server.ts](../bench/bare-server.ts)): no validation, no queue, no metrics. The figure to trust is CPU us: CPU time of the server's whole process tree, divided by the requests it completed.`;

export function renderPage(results: Results): string {
  const { machine, method, scorings, floors, findings, leftOut } = results;
  const sections = [
    `# Performance\n\n${machine} ${method}\n\n${EXPLANATION}\n`,
    scorings.length > 0 && `![Ratios to the bare server](performance.svg)\n`,
    scorings.length > 0 && `## Scoring\n\n${scoringTable(scorings)}`,
    floors.length > 0 && `## A run without a server\n\n${renderTable(FLOOR_COLUMNS, floors)}`,
    findings.length > 0 && `## Beside scoring\n\n${renderTable(FINDING_COLUMNS, findings)}`,
    leftOut.length > 0 && `## Left out\n\n${leftOut.map((line) => `- ${line}\n`).join("")}`,
  ];
  return sections.filter((section) => section !== false).join("\n");
}

/** CPU of every server but the bare one; where batching is the point, requests too. */
export function renderPicture(scorings: readonly Scoring[]): string {
  const bars = (name: "cpu" | "requestsPerSecond"): Panel["bars"] =>
    scorings.flatMap((row) => {
      const value = ratiosOf(row, scorings)?.[name];
      const label = `${row.case}, ${row.connections} conn., ${row.server}`;
      return value === undefined ? [] : [{ label, value }];
    });
  return renderPlot([
    { title: "Server CPU per request, the bare server is 1: shorter is better", bars: bars("cpu") },
    {
      title: "Requests per second, the bare server is 1: longer is better",
      bars: bars("requestsPerSecond"),
    },
  ]);
}

const FLOOR_COLUMNS: readonly Column<Floor>[] = [
  { title: "model", of: ({ model, made }) => (made ? `${model} (made by the bench)` : model) },
  { title: "CPU us", align: "right", of: ({ cpuUs }) => short(cpuUs) },
  { title: "runs", align: "right", of: ({ runs }) => String(runs) },
];

const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { title: "what", of: ({ what }) => what },
  { title: "edgewright", align: "right", of: ({ ours }) => ours },
  { title: "beside", align: "right", of: ({ beside }) => beside },
  { title: "ratio", align: "right", of: ({ ratio }) => times(ratio) },
];

function scoringTable(scorings: readonly Scoring[]): string {
  const columns: readonly Column<Scoring>[] = [
    { title: "case", of: (row) => row.case },
    { title: "connections", align: "right", of: ({ connections }) => String(connections) },
    { title: "server", of: ({ server }) => server },
    { title: "CPU us", align: "right", of: ({ cpuUs }) => short(cpuUs) },
    { title: "CPU ratio", align: "right", of: (row) => times(ratiosOf(row, scorings)?.cpu) },
    { title: "requests/s", align: "right", of: (row) => short(row.requestsPerSecond) },
    {
      title: "requests/s ratio",
      align: "right",
      of: (row) => times(ratiosOf(row, scorings)?.requestsPerSecond),
    },
    { title: "p50 ms", align: "right", of: ({ p50Ms }) => p50Ms.toFixed(2) },
    { title: "p99 ms", align: "right", of: ({ p99Ms }) => p99Ms.toFixed(2) },
    { title: "MiB", align: "right", of: ({ residentMiB }) => residentMiB.toFixed(0) },
    { title: "failed", align: "right", of: ({ failed }) => String(failed) },
  ];
  return renderTable(columns, scorings);
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? "" : `${ratio.toFixed(2)} ×`;
}

function short(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

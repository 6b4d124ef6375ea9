/** The report of a job as a page for people. */

import { renderDuration } from "./progress.ts";
import type { Report } from "./report.ts";
import { verdictText } from "./verdict.ts";

export function renderReportPage(report: Report): string {
  const { verdict, totals, settings, total, errors, moreErrors } = report;
  const { readMs, runMs, writeMs } = totals.timing;
  const spent = Math.max(readMs + runMs + writeMs, 1e-9);
  const share = (ms: number): string =>
    `${renderDuration(ms)} (${Math.round((ms / spent) * 100)} %)`;
  const rows: readonly (readonly [string, string | number])[] = [
    ["Verdict", verdictText(verdict, totals, settings.errorThreshold)],
    ["Input", report.input],
    ["Result", report.result ?? "none"],
    ["Files", `${totals.files} of ${total}`],
    ["Succeeded", totals.succeeded],
    ["Failed", totals.failed],
    ["Rows", totals.rows],
    ["Mini-batches", `${totals.miniBatches}, ${totals.failedMiniBatches} of them failed`],
    ["Retries", totals.retries],
    ["Workers", report.workers],
    ["Starts", report.starts],
    ["Time", renderDuration(report.elapsedMs)],
    ["Reading", share(readMs)],
    ["Running", share(runMs)],
    ["Writing", share(writeMs)],
  ];
  const facts = rows.map(([name, value]) => `<tr><th>${name}<td>${escaped(String(value))}`);
  const faults = errors.map(
    ({ miniBatch, files, row, tries, message }) =>
      `<tr><td>${miniBatch}<td>${escaped(files.join(", "))}<td>${row ?? ""}<td>${tries}<td>${escaped(message)}`,
  );
  const more = moreErrors > 0 ? `<p>and ${moreErrors} more</p>\n` : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(report.endpoint)}: ${verdict}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}th{text-align:left;padding-right:2rem}td,th{vertical-align:top}</style>
<h1>${escaped(report.endpoint)} / ${escaped(report.deployment)}</h1>
<table>
${facts.join("\n")}
</table>
<h2>Errors</h2>
<table>
<tr><th>Mini-batch<th>Files<th>Row<th>Tries<th>Message
${faults.join("\n")}
</table>
${more}</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}

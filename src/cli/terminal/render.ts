/** Problems as text for people: place, code, message, the line with a caret, hint. */

import { escapeControls } from "../../core/escape-controls.ts";
import type { Problem, Severity } from "../../core/problem.ts";

export type RenderOptions = {
  readonly color: boolean;
  /** The text of a line of a file, where it can be had. */
  readonly lineOf: (file: string, line: number) => string | undefined;
};

const COLORS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, note: 36 };

/** Longer lines are cut around the caret. */
const MAX_LINE = 100;

/**
 *     endpoint.yml:2:1  error SPEC_TRAFFIC_SUM  traffic adds up to 90, must be 100
 *       2 | traffic:
 *         | ^
 *       hint: Raise blue to 100.
 */
export function renderProblem(problem: Problem, options: RenderOptions): string {
  const { at, severity, code, message, hint } = problem;
  const paint = (text: string, color: number): string =>
    options.color ? `\u001B[${color}m${text}\u001B[0m` : text;
  const place = at === undefined ? "" : `${escapeControls(at.file)}:${at.line}:${at.col}  `;
  const lines = [`${place}${paint(severity, COLORS[severity])} ${code}  ${shown(message)}`];
  const source = at === undefined ? undefined : options.lineOf(at.file, at.line);
  if (at !== undefined && source !== undefined) lines.push(...frame(source, at.line, at.col));
  if (hint !== undefined) lines.push(`  hint: ${shown(hint)}`);
  return lines.join("\n");
}

/** Lines stay lines: the words of libraries have several. */
function shown(text: string): string {
  return escapeControls(text, "\n\t");
}

function frame(source: string, line: number, col: number): readonly string[] {
  const start = col > MAX_LINE ? col - MAX_LINE / 2 : 0;
  const part = shown(source.slice(start, start + MAX_LINE).replaceAll("\t", " "));
  const gutter = " ".repeat(String(line).length);
  return [`  ${line} | ${part}`, `  ${gutter} | ${" ".repeat(Math.max(0, col - 1 - start))}^`];
}

/** `2 errors, 1 warning`, or nothing where there is neither. */
export function renderCounts(problems: readonly Problem[]): string {
  const count = (severity: Severity, word: string): string[] => {
    const number = problems.filter((problem) => problem.severity === severity).length;
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  };
  return [...count("error", "error"), ...count("warning", "warning")].join(", ");
}

/** Bytes in the unit people read: `15.9 MB`; MB = 10^6. */
export function renderBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

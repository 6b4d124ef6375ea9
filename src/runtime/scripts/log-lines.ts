/** How does a script's output become lines of the log? One line of its text is one line of ours. */

import type { Readable } from "node:stream";

import type { Log, LogFields } from "../../core/ports.ts";

/** A longer line is cut: a log is no place for a megabyte. */
const MAX_CHARACTERS = 16 * 1024;

type Write = (message: string, fields?: LogFields) => void;

/** By Python's name of the level. */
export function logRecord(log: Log, level: string, message: string, fields: LogFields): void {
  writerOf(log, level)(shortened(message), fields);
}

/** Python's own format for a logger without settings: `WARNING:root:text`. */
const BASIC_FORMAT = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):/;

export function logLines(stream: Readable, log: Log, otherwise: string, fields: LogFields): void {
  let rest = "";
  const line = (text: string): void => {
    if (text.trim() === "") return;
    logRecord(log, BASIC_FORMAT.exec(text)?.[1] ?? otherwise, text, fields);
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(line);
    if (rest.length > MAX_CHARACTERS * 2) rest = rest.slice(0, MAX_CHARACTERS + 1);
  });
  stream.once("close", () => line(rest));
}

function writerOf(log: Log, level: string): Write {
  if (level === "DEBUG") return log.debug;
  if (level === "WARNING") return log.warn;
  return level === "ERROR" || level === "CRITICAL" ? log.error : log.info;
}

function shortened(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return `${text.slice(0, MAX_CHARACTERS)}… (cut, ${text.length} characters)`;
}

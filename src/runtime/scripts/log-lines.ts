/** How does a script's output become lines of the log? One line of its text is one line of ours. */

import type { Readable } from "node:stream";

import type { Log, LogFields } from "../../core/ports.ts";

/** A longer line is cut: a log is no place for a megabyte. */
const MAX_CHARACTERS = 16 * 1024;

/** `level` is Python's name of it. */
export type WriteLine = (level: string, line: string) => void;

export function lineWriter(log: Log, fields: LogFields): WriteLine {
  return (level, line) => {
    const text = shortened(line);
    if (level === "DEBUG") log.debug(text, fields);
    else if (level === "WARNING") log.warn(text, fields);
    else if (level === "ERROR" || level === "CRITICAL") log.error(text, fields);
    else log.info(text, fields);
  };
}

/** Python's own format for a logger without settings: `WARNING:root:text`. */
const BASIC_FORMAT = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):/;

export function logLines(stream: Readable, otherwise: string, write: WriteLine): void {
  let rest = "";
  const line = (text: string): void => {
    if (text.trim() !== "") write(BASIC_FORMAT.exec(text)?.[1] ?? otherwise, text);
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

function shortened(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return `${text.slice(0, MAX_CHARACTERS)}… (cut, ${text.length} characters)`;
}

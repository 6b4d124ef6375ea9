/** The log of a command that runs a while: lines for people, on stderr. */

import type { Log, LogFields } from "../../core/ports.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

export function createPlainLog(least: Level, write: (line: string) => void): Log {
  const line =
    (level: Level) =>
    (message: string, fields?: LogFields): void => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      write(`${level} ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

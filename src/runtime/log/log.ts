/** The runtime's log: one line an event on stderr, in the form that IoT Edge filters by level. */

import { pino } from "pino";

import type { Log, LogFields } from "../../core/ports.ts";
import { createLineBuffer } from "./line-buffer.ts";
import type { Sink } from "./line-buffer.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** pino's numbers to syslog's. */
const SYSLOG: Readonly<Record<number, number>> = { 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

export type LevelledLog = Log & {
  /** Anything that is no level: the one that it was made with. */
  readonly setLevel: (level: string) => void;
};

/**
 * Lines like `<6> 2026-11-23 07:54:32.641 +00:00 {"deployment":"blue","msg":"ready"}`.
 *
 * @source Azure/iotedge: doc/built-in-logs-pull.md
 */
export function createLog(level: LogLevel, sink: Sink): LevelledLog {
  const buffer = createLineBuffer(sink);
  let put = buffer.write;
  const destination = {
    // pino fills this in before it writes, when the destination carries its metadata symbol.
    [Symbol.for("pino.metadata")]: true,
    lastLevel: 30,
    write(line: string) {
      const stamp = new Date().toISOString().replace("T", " ").replace("Z", " +00:00");
      put(`<${SYSLOG[this.lastLevel] ?? 6}> ${stamp} ${line}`);
    },
  };
  const logger = pino(
    { level, base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );
  const line =
    (write: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: LogFields = {}): void =>
      logger[write](fields, message);
  return {
    debug: line("debug"),
    info: line("info"),
    soon: (message, fields = {}) => {
      if (!logger.isLevelEnabled("info")) return;
      put = buffer.hold;
      logger.info(fields, message());
      put = buffer.write;
    },
    warn: line("warn"),
    error: line("error"),
    setLevel: (next) => {
      logger.level = LOG_LEVELS.find((known) => known === next) ?? level;
    },
  };
}

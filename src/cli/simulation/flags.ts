/** What the flags of `simulate` ask for, beside what is to be simulated. */

import { moduleNameFault } from "../../core/module-name.ts";
import { parseLogLevel, parsePort } from "../../runtime/settings.ts";
import { flagValue, UsageError } from "../command.ts";
import type { Invocation } from "../command.ts";
import type { ViewMode } from "./device-view.ts";

export type Flags = {
  readonly port: number;
  readonly controlPort: number;
  readonly clients: readonly string[];
  readonly level: ReturnType<typeof parseLogLevel>;
  readonly view: ViewMode;
};

/** All of them at once, before anything is made that would have to be removed. @throws UsageError */
export function readFlags({ options }: Invocation): Flags {
  const port = (name: string): number => {
    const value = options[name];
    return typeof value === "string" ? flagValue(() => parsePort(value, `--${name}`)) : 0;
  };
  const { client, "log-level": level } = options;
  return {
    port: port("port"),
    controlPort: port("control-port"),
    clients: clientsOf(Array.isArray(client) ? client : []),
    level: flagValue(() =>
      parseLogLevel(typeof level === "string" ? level : "warn", "--log-level"),
    ),
    view: viewOf(options),
  };
}

function clientsOf(names: readonly string[]): readonly string[] {
  for (const [index, name] of names.entries()) {
    const fault = moduleNameFault(name);
    if (fault !== undefined) throw new UsageError(`--client ${fault}`);
    if (names.indexOf(name) !== index) throw new UsageError(`--client is '${name}' twice`);
  }
  return names;
}

function viewOf({ view, json }: Invocation["options"]): ViewMode {
  const asked = view ?? (process.stderr.isTTY && json !== true ? "screen" : "none");
  if (asked === "screen" || asked === "plain" || asked === "none") return asked;
  throw new UsageError(`--view is '${String(asked)}', expected screen, plain or none`);
}

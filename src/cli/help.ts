/** Help text, made from the table of commands. */

import type { Command, Option } from "./command.ts";

const JSON_OPTION: Option = { type: "boolean", summary: "print one JSON document" };

export function renderHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const rows = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return [
    "edgewright: from an endpoint spec and an ONNX model to an IoT Edge module",
    "",
    "usage: edgewright COMMAND ...",
    "",
    ...rows,
    "",
    "edgewright COMMAND --help explains one; --version prints the version",
  ].join("\n");
}

export function renderCommandHelp({ name, usage, summary, options }: Command): string {
  const rows = Object.entries({ ...options, json: JSON_OPTION }).map(
    ([flag, option]) => [renderFlag(flag, option), option.summary] as const,
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `usage: edgewright ${name} ${usage}`,
    "",
    summary,
    "",
    ...rows.map(([flag, text]) => `  ${flag.padEnd(width)}  ${text}`),
  ].join("\n");
}

function renderFlag(flag: string, { short, value }: Option): string {
  const names = short === undefined ? `--${flag}` : `-${short}, --${flag}`;
  return value === undefined ? names : `${names} ${value}`;
}

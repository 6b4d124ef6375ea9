/** How does wrk learn which request to send? By a script, with the body in a file beside it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Body } from "./body.ts";

/** Writes both files, gives the script's path. */
export function writeRequestScript(folder: string, name: string, body: Body): string {
  const bodyFile = join(folder, `${name}.body`);
  writeFileSync(bodyFile, body.bytes);
  const script = join(folder, `${name}.lua`);
  writeFileSync(script, renderRequestScript(bodyFile, body.headers));
  return script;
}

/** @source wrk: SCRIPTING */
export function renderRequestScript(
  bodyFile: string,
  headers: Readonly<Record<string, string>>,
): string {
  return [
    'wrk.method = "POST"',
    ...Object.entries(headers).map(
      ([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`,
    ),
    `local file = assert(io.open(${quoted(bodyFile)}, "rb"))`,
    'wrk.body = file:read("*a")',
    "file:close()",
    "",
  ].join("\n");
}

/** What JSON escapes in a path or a header Lua escapes alike. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

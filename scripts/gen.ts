/**
 * Writes what can be derived: `node dist/scripts/gen.js`; with `--check` it only compares, and fails
 * where a file is not what it would write.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { renderExitCodes } from "../src/cli/exit-codes.ts";
import { renderCommandHelp } from "../src/cli/help.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { CODES } from "../src/core/codes.ts";
import { TWIN_SCHEMA } from "../src/runtime/edge/twin/twin-schema.ts";
import { SETTINGS } from "../src/runtime/settings.ts";
import { scenarioSchema } from "../src/simulator/scenario/schema.ts";

const ROOT = new URL("../../", import.meta.url);
const NOTICE = "<!-- Written by `npm run gen` from the tables in the source. -->";

function errorsPage(): string {
  const rows = Object.entries(CODES).map(
    ([code, { title, kind }]) =>
      `| <a id="${code.toLowerCase()}"></a>\`${code}\` | ${title} | ${kind} |`,
  );
  return `# Codes\n\n${NOTICE}\n\nEvery problem and every refused request carries one of these.\n\n| code | means | kind |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { default: value, summary }]) =>
      `| \`${name}\` | ${value === "" ? "none" : `\`${value}\``} | ${summary} |`,
  );
  return `# Settings of the runtime\n\n${NOTICE}\n\nEnvironment variables of the module; an image sets the first four itself.\n\n| variable | default | means |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function cliPage(): string {
  const sections = COMMANDS.map(
    (command) => `## ${command.name}\n\n\`\`\`text\n${renderCommandHelp(command)}\n\`\`\`\n`,
  );
  return `# Command line\n\n${NOTICE}\n\nResults go to stdout, problems and progress to stderr. ${renderExitCodes()}\n\n${sections.join("\n")}`;
}

const files: readonly (readonly [string, string])[] = [
  ["docs/errors.md", errorsPage()],
  ["docs/settings.md", settingsPage()],
  ["docs/cli.md", cliPage()],
  ["docs/twin.schema.json", `${JSON.stringify(TWIN_SCHEMA, null, 2)}\n`],
  ["docs/scenario.schema.json", `${JSON.stringify(scenarioSchema(), null, 2)}\n`],
];

const check = process.argv.includes("--check");
for (const [path, text] of files) {
  const file = new URL(path, ROOT);
  if (!check) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error(`${path} is not what the source says\nhint: npm run gen`);
    process.exitCode = 1;
  }
}
console.log(`${files.length} generated files ${check ? "compared" : "written"}`);

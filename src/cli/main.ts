/** The command line: arguments → command → what is printed → exit code. The only place that exits. */

import { readFileSync, statSync } from "node:fs";
import { isatty } from "node:tty";
import { parseArgs } from "node:util";

import { hasErrors, inOrder, userError, UserError } from "../core/problem.ts";
import type { Problem } from "../core/problem.ts";
import { UsageError } from "./command.ts";
import type { Command, Invocation, Outcome } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";
import { leaveSignalsAlone } from "./first-signal.ts";
import { renderCommandHelp, renderHelp } from "./help.ts";
import { renderCounts, renderProblem } from "./terminal/render.ts";
import { watchOutput } from "./terminal/standard-output.ts";
import { VERSION } from "./version.ts";

/** All that ask for an end in good order; a closed terminal does it by SIGHUP. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

// Also before a command: help and usage are printed too.
const output = watchOutput(process, (problem) => printProblems([problem]));

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  const [name, ...given] = argv.filter((arg) => arg !== "--json");
  const rest = json ? [...given, "--json"] : given;
  const print = (text: string, document: NonNullable<Outcome["json"]>): number =>
    report({ problems: [], json: document, text }, json);
  if (name === "--version" || name === "-V") return print(VERSION, { version: VERSION });
  const help = (command?: Command): number => {
    const text = command === undefined ? renderHelp(COMMANDS) : renderCommandHelp(command);
    return print(text, { help: text });
  };
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    return help(COMMANDS.find((command) => command.name === given[0]));
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    return usage(json, `there is no command '${name}'`, "Run edgewright --help for a list.");
  }
  if (rest.includes("--help") || rest.includes("-h")) return help(command);
  try {
    const running = command.run(invocationOf(command, rest, json));
    // Not before the command has had its chance to listen: no signal falls between.
    leaveSignalsAlone();
    const outcome = await running;
    return outcome === undefined ? EXIT.fine : report(outcome, json);
  } catch (error) {
    if (error instanceof UsageError) {
      return usage(json, error.message, `Run edgewright ${command.name} --help for what it takes.`);
    }
    if (error instanceof UserError) return report({ problems: error.problems }, json);
    if ((error as Error).name === "AbortError") return EXIT.stopped;
    return bug(json, error);
  }
}

function invocationOf(command: Command, argv: readonly string[], json: boolean): Invocation {
  const { values, positionals } = parse(command, argv);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  output.onLost(onSignal);
  let listening = false;
  return {
    args: positionals,
    options: values,
    cwd: workingFolder(),
    env: process.env,
    progress: (line) => {
      if (!json) process.stderr.write(`${line}\n`);
    },
    announce: (outcome) => void report(outcome, json),
    // Only a command that listens to it changes what a signal does.
    get signal() {
      if (!listening) for (const name of SIGNALS) process.once(name, onSignal);
      if (!listening) process.once("SIGHUP", () => (hungUp = true));
      listening = true;
      return stop.signal;
    },
  };
}

/** @throws UserError where it was removed under the shell that this was started from */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw userError("CLI_FOLDER", `the working folder is gone: ${(error as Error).message}`, {
      hint: "Change to a folder that is there, and run the command again.",
    });
  }
}

function parse(command: Command, argv: readonly string[]) {
  try {
    return parseArgs({
      args: withNegativeNumbers(argv),
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        ...Object.fromEntries(
          Object.entries(command.options).map(([name, { type, multiple, short }]) => [
            name,
            { type, ...(multiple && { multiple }), ...(short && { short }) },
          ]),
        ),
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** `--threshold -1` as `--threshold=-1`, `-5MB` too: no option here is called by a digit. */
function withNegativeNumbers(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of argv) {
    const before = joined.at(-1);
    if (/^-\d[\w.]*$/.test(word) && before !== undefined && /^--[a-z-]+$/.test(before)) {
      joined[joined.length - 1] = `${before}=${word}`;
    } else joined.push(word);
  }
  return joined;
}

function report(outcome: Outcome, json: boolean): number {
  const { problems: found, json: document, text } = outcome;
  const problems = inOrder(found);
  const failed = hasErrors(problems);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: !failed, problems, ...document })}\n`);
  } else {
    printProblems(problems);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  }
  if (outcome.exitCode !== undefined) return outcome.exitCode;
  if (!failed) return EXIT.fine;
  return problems.every(isUsage) ? EXIT.usage : EXIT.input;
}

function isUsage({ code, severity }: Problem): boolean {
  return code === "CLI_USAGE" || severity !== "error";
}

function printProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const color = process.stderr.isTTY;
  const counts = renderCounts(problems);
  const lines = problems.map((problem) => renderProblem(problem, { color, lineOf }));
  process.stderr.write(`${lines.join("\n")}\n${counts && `${counts}\n`}`);
}

const linesOf = new Map<string, readonly string[]>();

function lineOf(file: string, line: number): string | undefined {
  const lines = linesOf.get(file) ?? readLines(file);
  linesOf.set(file, lines);
  return lines[line - 1];
}

/** Larger files, and those that are not text, are not shown. */
const MAX_SHOWN_BYTES = 1024 * 1024;

function readLines(file: string): readonly string[] {
  try {
    if (statSync(file).size > MAX_SHOWN_BYTES) return [];
    const text = readFileSync(file, "utf8");
    return text.includes("\0") ? [] : text.split("\n");
  } catch {
    return [];
  }
}

function usage(json: boolean, message: string, hint: string): number {
  return report({ problems: [{ code: "CLI_USAGE", severity: "error", message, hint }] }, json);
}

function bug(json: boolean, error: unknown): number {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const hint = "This is a defect of edgewright: report it with the lines above.";
  report({ problems: [{ code: "BUG", severity: "error", message, hint }] }, json);
  return EXIT.bug;
}

const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
let hungUp = false;
process.exitCode = await main(process.argv.slice(2));
// What is still open then is a defect, and may be ended like any other program.
for (const name of SIGNALS) process.removeAllListeners(name);
// On its way out Node sets the terminal back, and aborts over one that is gone.
if (hungUp && onTerminal) process.kill(process.pid, "SIGHUP");
// The last line may fail after everything else is done.
process.once("exit", () => {
  if (output.failed()) process.exitCode = EXIT.input;
});

/** A batch endpoint with a script, its input files, and jobs as users run them. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Totals } from "../../src/runtime/batch/journal/ledger.ts";
import type { Report } from "../../src/runtime/batch/report/report.ts";
import { edgewrightJson } from "./edgewright.ts";
import { tempFolder } from "./temp-folder.ts";

/** Reads a number from each file, skips what is none, and gives one line for each good one. */
export const USUAL_SCRIPT = `
import os
def init():
    print("init", os.environ["AZUREML_BI_OUTPUT_PATH"])
def run(mini_batch):
    lines = []
    for path in mini_batch:
        try:
            with open(path) as file:
                lines.append("%s %d" % (os.path.basename(path), int(file.read()) * 2))
        except ValueError as error:
            print("skipped", path, error)
    return lines
def shutdown():
    print("bye")
`;

/** As the shared batch spec has them, in the current spelling. */
const SETTINGS = {
  mini_batch_size: "5",
  output_file_name: "append_row.txt",
  error_threshold: "10",
};

export type BatchWorkspace = {
  readonly folder: string;
  readonly job: (output: string, ...flags: readonly string[]) => Promise<Job>;
};

export type Job = {
  readonly code: number | null;
  readonly verdict: string;
  readonly already: boolean;
  readonly totals: Totals;
  readonly codes: readonly string[];
  readonly messages: readonly string[];
};

export type BatchOptions = {
  readonly script?: string;
  /** Text of the deployment in place of a script's. */
  readonly deployment?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Beside the spec. */
  readonly beside?: Readonly<Record<string, string>>;
};

export function batchWorkspace(test: TestContext, options: BatchOptions): BatchWorkspace {
  const settings = Object.entries({ ...SETTINGS, ...options.settings });
  const folder = tempFolder(test, {
    "spec.yml": `name: numbers
type: batch
deployments:
  blue:
    ${options.deployment ?? "code_configuration: {code: ./code, scoring_script: score.py}"}
    settings: {${settings.map(([key, value]) => `${key}: ${value}`).join(", ")}}
`,
    "code/score.py": options.script ?? USUAL_SCRIPT,
    ...options.beside,
  });
  for (const [name, content] of Object.entries(options.files)) {
    mkdirSync(join(folder, "in"), { recursive: true });
    writeFileSync(join(folder, "in", name), content);
  }
  const job = async (output: string, ...flags: readonly string[]): Promise<Job> => {
    const { code, document } = await edgewrightJson(jobArgs(folder, output, flags), {
      cwd: folder,
    });
    const { problems, verdict, already, totals } = document as unknown as Job & {
      problems: readonly { code: string; message: string }[];
    };
    const codes = problems.map((problem) => problem.code);
    const messages = problems.map(({ message }) => message);
    return { code, verdict, already, totals, codes, messages };
  };
  return { folder, job };
}

export function jobArgs(
  folder: string,
  output: string,
  flags: readonly string[],
): readonly string[] {
  const where = ["--input", join(folder, "in"), "--output", join(folder, output)];
  return ["batch", join(folder, "spec.yml"), ...where, ...flags];
}

/** Files that hold their own number; `broken` of them hold a word. */
export function numberFiles(count: number, broken: number): Readonly<Record<string, string>> {
  const step = broken === 0 ? count + 1 : Math.floor(count / broken);
  const names = Array.from({ length: count }, (_, index) => {
    const isBroken = broken > 0 && index % step === step - 1 && index / step < broken;
    return [`f${index}.txt`, isBroken ? "broken" : String(index)] as const;
  });
  return Object.fromEntries(names);
}

export function linesOf(folder: string, ...path: readonly string[]): readonly string[] {
  const text = readFileSync(join(folder, ...path), "utf8");
  return text.split("\n").slice(0, -1).toSorted();
}

export function reportOf(folder: string, output: string): Report {
  return JSON.parse(readFileSync(join(folder, output, "report.json"), "utf8")) as Report;
}

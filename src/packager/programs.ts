/** How are other programs (apt-get, dpkg-deb, npm) run? As a port, so that a test can stand in. */

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { userError } from "../core/problem.ts";
import { writeFileFrom } from "./write-file.ts";

type ProgramOptions = {
  readonly cwd: string;
  /** On top of the environment that every program gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where standard output goes instead of into the result. */
  readonly stdoutFile?: string;
};

export type ProgramResult =
  | { readonly found: false }
  | {
      readonly found: true;
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    };

export type RunProgram = (
  name: string,
  args: readonly string[],
  options: ProgramOptions,
) => Promise<ProgramResult>;

/** The programs of this machine, in this environment; `signal` ends those that run. */
export function hostPrograms(
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): RunProgram {
  return async (name, args, options) => {
    const child = spawn(name, [...args], {
      cwd: options.cwd,
      env: { ...env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal && { signal }),
    });
    const ended = new Promise<number | undefined>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") resolve(undefined);
        else reject(error);
      });
      child.once("close", (code, by) => {
        resolve(code ?? (by === null ? 1 : 128));
      });
    });
    const output =
      options.stdoutFile === undefined
        ? text(child.stdout)
        : writeFileFrom(options.stdoutFile, child.stdout).then(() => "");
    const [exitCode, stdout, stderr] = await Promise.all([ended, output, text(child.stderr)]);
    if (exitCode === undefined) return { found: false };
    return { found: true, exitCode, stdout, stderr };
  };
}

/** The same programs but for those that download, which are refused. */
export function withoutDownloads(run: RunProgram): RunProgram {
  return (name, args, options) => {
    if (!["apt-get", "npm"].includes(name)) return run(name, args, options);
    throw userError("BUILD_OFFLINE", `${name} would have to download a part of the base.`, {
      hint: "Build once without --offline, or name a base with --base oci-archive:FILE that `edgewright base save` wrote on a connected machine.",
    });
  };
}

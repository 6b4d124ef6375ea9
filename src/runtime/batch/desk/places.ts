/** Where may a job read and write? Below the module's data folders alone, whatever links and dots say. */

import { lstatSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { ScoringError } from "../../../core/problem.ts";
import type { JobPlaces } from "../flags.ts";
import { isInside, realPath } from "../input/real-path.ts";

export type AskedPlaces = {
  readonly input: string;
  readonly output: string;
  readonly inputList?: string;
};

/** What edgewright keeps for itself, in the data folder and in every output folder. */
const STATE_FOLDER = ".edgewright";

/**
 * Without links, so that none can be put in their way later.
 *
 * @param folders relative paths count from the first
 * @throws ScoringError JOB_PLACE
 */
export function placesWithin(folders: readonly string[], asked: AskedPlaces): JobPlaces {
  const [home] = folders;
  if (home === undefined) {
    throw refusal("the module has no data folder: write edge.volume, or set EDGEWRIGHT_DATA");
  }
  const allowed = folders.map((folder) => realPath(folder) ?? folder);
  const from = (name: string, text: string): string => {
    const path = resolve(home, text);
    if (text === "" || text.includes("\0") || path.split("/").includes(STATE_FOLDER)) {
      throw refusal(`${name} is '${text.slice(0, 200)}', which is no folder for a job`);
    }
    // Before the disk is asked: what is elsewhere is not even told to be there.
    if (!isInside(path, folders) && !isInside(path, allowed)) {
      throw refusal(`${name} is ${path}, and jobs read and write below ${folders.join(", ")}`);
    }
    return path;
  };
  const existing = (name: string, text: string): string => {
    const path = from(name, text);
    const real = realPath(path);
    if (real === undefined)
      throw refusal(`${name} is ${path}, which is not there, or not to be read`);
    return confined(name, path, real);
  };
  const confined = (name: string, path: string, real: string): string => {
    if (isInside(real, allowed)) return real;
    throw refusal(`${name} is ${path}, and a link there leads out of ${folders.join(", ")}`);
  };
  const input = existing("input", asked.input);
  const path = from("output", asked.output);
  const output = confined("output", path, realOrFuture(path));
  if (allowed.includes(output) || isInside(input, [output])) {
    throw refusal(`output is ${output}, expected a folder of its own below ${home}`);
  }
  if (statusOf(output)?.isDirectory() === false) {
    throw refusal(`output is ${output}, which is a file`);
  }
  const { inputList } = asked;
  return {
    input,
    output,
    ...(inputList !== undefined && { inputList: existing("input_list", inputList) }),
  };
}

/** What is there without its links, and below it what will be made. */
function realOrFuture(path: string): string {
  const real = realPath(path);
  if (real !== undefined || path === dirname(path)) return real ?? path;
  // A link that leads nowhere is there too, and would be followed when it leads somewhere.
  if (statusOf(path) !== undefined) return "";
  return join(realOrFuture(dirname(path)), basename(path));
}

/** Of what is there itself, also of a link; `undefined` where nothing is. */
function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function refusal(message: string): ScoringError {
  return new ScoringError("JOB_PLACE", message);
}

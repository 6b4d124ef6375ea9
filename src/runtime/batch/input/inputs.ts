/** Which files are the input of a job? Relative to it, in one order, without what a job writes itself. */

import type { Dir } from "node:fs";
import { lstatSync, opendirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";

import { userError } from "../../../core/problem.ts";
import { isInShard } from "../shards/shards.ts";
import { isInside, realPath } from "./real-path.ts";
import type { Shard } from "../settings.ts";

export type InputOptions = {
  /** A file or a folder. */
  readonly input: string;
  /** A file with one path a line; only these, in place of all there are. */
  readonly inputList?: string;
  /** Left out where it lies inside the input. */
  readonly output: string;
  readonly shard?: Shard;
  /** Folders that links may not lead out of; anywhere where absent. */
  readonly within?: readonly string[];
};

export type Inputs = {
  /** Folder that the paths are relative to. */
  readonly root: string;
  readonly files: readonly string[];
  /** Why not all that lies there is input, or can be; absent where it is. */
  readonly skipped?: string;
};

const READ_AHEAD = 4096;

/** @throws UserError BATCH_INPUT */
export function listInputs(options: InputOptions): Inputs {
  const { input, inputList, output, shard } = options;
  const kind = kindOf(input);
  const root = kind === "file" ? dirname(input) : input;
  const guard = createLinkGuard(root, options.within);
  const mine = (path: string): boolean => shard === undefined || isInShard(path, shard);
  const files: string[] = [];
  const skipped: Skipped = { count: 0, first: "" };
  const noText: Skipped = { count: 0, first: "" };
  if (inputList !== undefined) {
    files.push(...listed(root, inputList).filter(mine));
    for (const path of files) guard(path);
  } else if (kind === "file") {
    files.push(...[basename(input)].filter(mine));
  } else {
    const take = (path: string): void => {
      if (!mine(path)) return;
      files.push(path);
      if (path.includes("\uFFFD") && !isThere(join(root, path))) noteIn(noText, join(root, path));
    };
    const skip = (path: string): void => noteIn(skipped, join(root, path));
    walk({ root, output, guard, take, skip }, "");
  }
  const words = [skippedText(skipped), noTextText(noText)].filter((text) => text !== undefined);
  return { root, files: files.toSorted(), ...(words.length > 0 && { skipped: words.join("; ") }) };
}

type Skipped = { count: number; first: string };

function noteIn(skipped: Skipped, path: string): void {
  if (skipped.count === 0) skipped.first = path;
  skipped.count += 1;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function noTextText({ count, first }: Skipped): string | undefined {
  if (count === 0) return undefined;
  const others = count === 1 ? "is" : `and ${count - 1} more are`;
  return `${first} ${others} no UTF-8 by name and cannot be opened: rename them`;
}

function skippedText({ count, first }: Skipped): string | undefined {
  if (count === 0) return undefined;
  const others = count === 1 ? "is" : `and ${count - 1} more are`;
  return `${first} ${others} left out: links to folders are not followed, and what is no file is no input; name files behind a link with --input-list`;
}

function kindOf(path: string): "file" | "folder" {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    throw userError("BATCH_INPUT", `${path} cannot be read: ${(error as Error).message}`, {
      hint: "Give --input a file or a folder that is there.",
    });
  }
}

/** Called with the path of what may be a link. @throws UserError BATCH_INPUT where it leads outside */
type LinkGuard = (path: string) => void;

function createLinkGuard(root: string, within: readonly string[] | undefined): LinkGuard {
  if (within === undefined) return () => undefined;
  return (path) => {
    const real = realPath(join(root, path));
    // A link that leads nowhere reads nothing.
    if (real === undefined || isInside(real, within)) return;
    throw userError("BATCH_INPUT", `${join(root, path)} is a link to a place outside of the data`, {
      hint: `Take it away, or copy the file to where jobs may read: ${within.join(", ")}.`,
    });
  };
}

/** Paths of a list are relative to the input, or absolute and below it. */
function listed(root: string, inputList: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(inputList, "utf8");
  } catch (error) {
    throw userError("BATCH_INPUT", `${inputList} cannot be read: ${(error as Error).message}`);
  }
  const paths = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const path = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (path === "") continue;
    const inside = relative(root, isAbsolute(path) ? path : join(root, path));
    const above = inside === ".." || inside.startsWith("../");
    if (inside === "" || above || isAbsolute(inside)) {
      throw userError(
        "BATCH_INPUT",
        `${inputList}, line ${index + 1}: '${path}' is not below ${root}`,
        {
          hint: "Give --input the folder that all listed files are below.",
        },
      );
    }
    paths.add(inside);
  }
  return [...paths];
}

type Walk = {
  readonly root: string;
  readonly output: string;
  readonly guard: LinkGuard;
  readonly take: (path: string) => void;
  readonly skip: (path: string) => void;
};

/** What jobs keep of themselves, wherever it lies, is nobody's input. */
const STATE_FOLDER = ".edgewright";

function walk(walking: Walk, below: string): void {
  const { root, output, guard, take, skip } = walking;
  const folders: string[] = [];
  const prefix = below === "" ? "" : `${below}/`;
  // Without a promise for each entry: a million of them take a second this way, and five the other.
  const opened = openFolder(join(root, below));
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      const path = prefix + entry.name;
      if (entry.isFile()) take(path);
      else if (entry.isDirectory()) {
        if (entry.name !== STATE_FOLDER) folders.push(path);
      } else if (entry.isSymbolicLink() && pointsToFile(join(root, path))) {
        guard(path);
        take(path);
      } else skip(path);
    }
  } finally {
    opened.closeSync();
  }
  for (const folder of folders) {
    if (resolve(root, folder) !== resolve(output)) walk(walking, folder);
  }
}

/** A link that leads nowhere is taken too: to find it missing is a failure of that file. */
function pointsToFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
  } catch {
    // A link to itself, or one that may not be followed.
    return true;
  }
}

/** @throws UserError BATCH_INPUT */
function openFolder(path: string): Dir {
  try {
    return opendirSync(path, { bufferSize: READ_AHEAD });
  } catch (error) {
    throw userError("BATCH_INPUT", `${path} cannot be listed: ${(error as Error).message}`, {
      hint: "Let this user read the folder, or name the files with --input-list.",
    });
  }
}

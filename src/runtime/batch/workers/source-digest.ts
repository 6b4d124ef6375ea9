/** What scores, as a digest: the script's files, its variables and the model it loads, so that a change is noticed. */

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { Dirent } from "node:fs";
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import type { ResolvedDeployment } from "../../../spec/resolved.ts";

export type SourceDigestOptions = {
  readonly deployment: ResolvedDeployment;
  /** Folders that are no part of a script, wherever they lie: input and output of the job. */
  readonly without: readonly string[];
};

/** What tools leave in a code folder. */
const LEFT_OUT = new Set(["__pycache__", "node_modules", "venv"]);

/** Equal on every machine that has the same files. Without a script the model is of the job's identity. */
export function digestSources({ deployment, without }: SourceDigestOptions): string {
  const { script, model, environmentVariables } = deployment;
  const hash = createHash("sha256");
  if (script !== undefined) {
    const left = new Set(without.map((path) => resolve(path)));
    const variables = Object.entries(environmentVariables);
    hash.update(JSON.stringify(variables.toSorted(([a], [b]) => (a < b ? -1 : 1))));
    add(hash, "", script.path);
    addTree(hash, script.directory, { below: "", left, takes: isPython });
    if (model !== undefined) addModel(hash, model.path);
  }
  return hash.digest("hex").slice(0, 32);
}

const isPython = (name: string): boolean => name.endsWith(".py");

type Tree = {
  readonly below: string;
  readonly left: ReadonlySet<string>;
  readonly takes: (name: string) => boolean;
};

function addTree(hash: Hash, root: string, tree: Tree): void {
  const { below, left, takes } = tree;
  for (const entry of entriesOf(join(root, below))) {
    const { name } = entry;
    const path = join(below, name);
    if (entry.isDirectory()) {
      if (name.startsWith(".") || LEFT_OUT.has(name) || left.has(join(root, path))) continue;
      addTree(hash, root, { ...tree, below: path });
    } else if (takes(name) && (entry.isFile() || entry.isSymbolicLink())) {
      add(hash, path, join(root, path));
    }
  }
}

/** What this user may not read is nothing that scores. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function addModel(hash: Hash, path: string): void {
  const isFolder = statSync(path).isDirectory();
  if (isFolder) addTree(hash, path, { below: "", left: new Set(), takes: () => true });
  else add(hash, basename(path), path);
}

/** Of a larger file this many pieces, spread over all of it: to read it whole would hold each start up. */
const PIECES = 64;
const PIECE_BYTES = 1024 * 1024;

function add(hash: Hash, name: string, path: string): void {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return;
  }
  try {
    const { size } = fstatSync(file);
    hash.update(`${name}\0${size}\0`);
    const step = Math.max(PIECE_BYTES, (size - PIECE_BYTES) / (PIECES - 1));
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; at < size; at += step) {
      hash.update(piece.subarray(0, readSync(file, piece, 0, PIECE_BYTES, Math.floor(at))));
    }
  } finally {
    closeSync(file);
  }
}

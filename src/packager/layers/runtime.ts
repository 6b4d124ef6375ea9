/** Which of our own files run on the device? Those that its entry points reach by imports. */

import { readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import { entriesKey, textFile } from "../entry.ts";
import type { Entry } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import { HOME_FOLDER } from "./places.ts";
import { treeEntries } from "./tree.ts";

/** The process, and the worker threads and processes that it starts by file name. */
export const RUNTIME_ENTRIES = [
  "runtime/main.js",
  "runtime/engine/instances/worker.js",
  "runtime/engine/instances/process.js",
  "runtime/batch/workers/model-thread.js",
  "runtime/job-process.js",
] as const;

/** What runs in a script's own processes: no import leads there. */
const PYTHON_HOST = "runtime/scripts/python";

/** As the compiler writes them: `… from "x"` of imports and exports, `import "x"`, `import("x")`. */
const IMPORTS =
  /^(?:import|export)\b[^"'=;()]*\bfrom "(?<from>[^"]+)"|(?:^import |\bimport\()"(?<alone>[^"]+)"/gmu;
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*\n?/gmu;

export type RuntimeFiles = {
  /** Path below dist/src → text without the reference to its source map. */
  readonly files: ReadonlyMap<string, string>;
  /** npm packages that they name. */
  readonly packages: readonly string[];
};

export async function runtimeFiles(packageRoot: string): Promise<RuntimeFiles> {
  const source = join(packageRoot, "dist", "src");
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const queue: string[] = [...RUNTIME_ENTRIES];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (files.has(path)) continue;
    const text = (await readFile(join(source, path), "utf8")).replace(SOURCE_MAP, "");
    files.set(path, text);
    for (const { groups } of text.matchAll(IMPORTS)) {
      const specifier = groups?.["from"] ?? groups?.["alone"] ?? "";
      if (specifier.startsWith(".")) queue.push(posix.join(posix.dirname(path), specifier));
      else if (!isBuiltin(specifier)) packages.add(packageName(specifier));
    }
  }
  return { files, packages: [...packages].toSorted() };
}

/** @param version  of edgewright */
export async function runtimeLayer(packageRoot: string, version: string): Promise<LayerSource> {
  const { files } = await runtimeFiles(packageRoot);
  const manifest = { name: "edgewright", version, type: "module", private: true };
  const entries: readonly Entry[] = [
    textFile(`${HOME_FOLDER}/package.json`, `${JSON.stringify(manifest)}\n`),
    ...[...files].map(([path, text]) => textFile(`${HOME_FOLDER}/src/${path}`, text)),
    ...(await treeEntries(
      join(packageRoot, "dist", "src", PYTHON_HOST),
      `${HOME_FOLDER}/src/${PYTHON_HOST}`,
      (path) => path.endsWith("__pycache__"),
    )),
  ];
  return {
    name: `edgewright runtime ${version}`,
    group: "runtime",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
  };
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Which deployments' scripts have just been saved? */

import { readdirSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, join } from "node:path";

import type { ResolvedDeployment } from "../../spec/resolved.ts";

/** What a script is made of; whatever else it writes beside itself must not reload it. */
const SOURCE = /\.py$|^(?:logging|swagger[\d.]*)\.json$/;
const LEFT_OUT = new Set(["__pycache__", "node_modules", "venv"]);

/** An editor saves in several steps. */
const SETTLE_MS = 50;

/** @param onSaved told a deployment's name, once for each save */
export function watchScripts(
  deployments: readonly ResolvedDeployment[],
  onSaved: (deployment: string) => void,
): void {
  for (const { name, script } of deployments) {
    if (script === undefined) continue;
    let timer: NodeJS.Timeout | undefined;
    watchTree(script.directory, () => {
      clearTimeout(timer);
      timer = setTimeout(() => onSaved(name), SETTLE_MS);
    });
  }
}

/**
 * Folders, not files: one that is replaced by another, as many editors save, is a new file under a
 * name of the folder. Node's own recursive watch follows the old one.
 */
function watchTree(root: string, onChange: () => void): void {
  const watchers = new Map<string, FSWatcher>();
  const add = (folder: string): void => {
    if (watchers.has(folder)) return;
    const watcher = watch(folder, { persistent: false }, (_event, file) => {
      if (file === null || SOURCE.test(basename(file))) onChange();
      addBelow(folder);
    });
    const forget = (): void => {
      watcher.close();
      watchers.delete(folder);
    };
    // A folder that is removed meanwhile is no reason to stop.
    watcher.on("error", forget);
    watchers.set(folder, watcher);
    addBelow(folder);
  };
  const addBelow = (folder: string): void => {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (!entry.isDirectory() || entry.name.startsWith(".") || LEFT_OUT.has(entry.name))
          continue;
        add(join(folder, entry.name));
      }
    } catch {
      watchers.get(folder)?.close();
      watchers.delete(folder);
    }
  };
  add(root);
}

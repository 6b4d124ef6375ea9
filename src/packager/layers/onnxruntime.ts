/** Which files of ONNX Runtime does one platform need? Its library, its binding, and no installer. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../entry.ts";
import { entriesKey } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import type { Platform } from "../../spec/resolved.ts";
import { installedPackage } from "./installed-package.ts";
import { MODULES_FOLDER } from "./places.ts";
import { fileEntry, treeEntries } from "./tree.ts";

/** How the package names a platform's folder. */
const FOLDERS = { "linux/amd64": "linux/x64", "linux/arm64": "linux/arm64" } as const;

export async function onnxruntimeLayer(
  packageRoot: string,
  platform: Platform,
): Promise<LayerSource> {
  const node = await installedPackage(packageRoot, "onnxruntime-node");
  const common = await installedPackage(packageRoot, "onnxruntime-common");
  const binaries = `bin/napi-v6/${FOLDERS[platform]}`;
  const entries: readonly Entry[] = [
    ...(await scripts(node.folder, "onnxruntime-node", "dist")),
    ...(await treeEntries(
      join(node.folder, binaries),
      `${MODULES_FOLDER}/onnxruntime-node/${binaries}`,
    )),
    ...(await scripts(common.folder, "onnxruntime-common", "dist/cjs")),
    await licence(packageRoot),
  ];
  return {
    name: `ONNX Runtime ${node.version}`,
    group: "runtime",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
  };
}

async function scripts(
  folder: string,
  name: string,
  scriptFolder: string,
): Promise<readonly Entry[]> {
  const all = await treeEntries(
    join(folder, scriptFolder),
    `${MODULES_FOLDER}/${name}/${scriptFolder}`,
  );
  const manifest = join(folder, "package.json");
  return [
    ...all.filter(({ path }) => /\.js$|\/package\.json$/u.test(path)),
    fileEntry(`${MODULES_FOLDER}/${name}/package.json`, manifest, (await stat(manifest)).size),
  ];
}

/** The npm packages come without the text that their licence wants to travel along. */
async function licence(packageRoot: string): Promise<Entry> {
  const file = join(packageRoot, "module-template", "licenses", "onnxruntime.txt");
  return fileEntry("usr/share/doc/onnxruntime/copyright", file, (await stat(file)).size);
}

/** Writes the runtime's files as an image has them into a folder: what the root Dockerfile copies. */

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageVersion } from "../src/packager/layers/installed-package.ts";
import { onnxruntimeLayer } from "../src/packager/layers/onnxruntime.ts";
import { runtimeLayer } from "../src/packager/layers/runtime.ts";
import { vendorLayer } from "../src/packager/layers/vendor.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("usage: node dist/scripts/runtime-tree.js FOLDER");

const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const layers = [
  await onnxruntimeLayer(root, platform),
  await vendorLayer(root),
  await runtimeLayer(root, (await packageVersion(root)) ?? "0.0.0"),
];
for (const layer of layers) {
  for (const entry of await layer.entries()) {
    if (entry.kind !== "file") throw new Error(`${entry.path} is no file`);
    const path = join(target, entry.path);
    await mkdir(dirname(path), { recursive: true });
    if ("bytes" in entry.content) await writeFile(path, entry.content.bytes);
    else await copyFile(entry.content.file, path);
  }
}

/** Which shared libraries must a base have for Node and ONNX Runtime, and which are not there? */

import { posix } from "node:path";
import type { Platform } from "../../../spec/resolved.ts";

/** @source `readelf -d` of node 24 and of onnxruntime-node's libraries: NEEDED */
const LIBRARIES = [
  "libc.so.6",
  "libdl.so.2",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
  "libgcc_s.so.1",
  "libstdc++.so.6",
] as const;

const LOADERS: Readonly<Record<Platform, string>> = {
  "linux/amd64": "ld-linux-x86-64.so.2",
  "linux/arm64": "ld-linux-aarch64.so.1",
};

/** Wherever a system keeps them: below a folder called lib, lib64 or the like. */
const LIBRARY_FOLDER = /(?:^|\/)lib(?:\d+)?(?:\/|$)/u;
const MUSL = /(?:^|\/)ld-musl-[^/]+$/u;

/** @param paths of everything that is in the base  @returns in words; `undefined` where all are there */
export function missingLibraries(paths: readonly string[], platform: Platform): string | undefined {
  const there = new Set(
    paths
      .filter((path) => LIBRARY_FOLDER.test(posix.dirname(path)))
      .map((path) => posix.basename(path)),
  );
  const missing = [LOADERS[platform], ...LIBRARIES].filter((name) => !there.has(name));
  if (missing.length === 0) return undefined;
  const musl = paths.some((path) => MUSL.test(path)) ? ": it has musl, and glibc is needed" : "";
  return `${missing.join(", ")}${musl}`;
}

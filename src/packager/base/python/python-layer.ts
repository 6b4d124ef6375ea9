/** What is the layer of Python: the interpreter and its packages, as Debian's own scripts would leave them? */

import { mkdtemp } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Platform } from "../../../spec/resolved.ts";
import { BYTECODE_FOLDER } from "../../../core/bytecode-folder.ts";
import type { DirectoryEntry, Entry } from "../../entry.ts";
import { symlink } from "../../entry.ts";
import type { LayerSource } from "../../layers/layer-source.ts";
import { USER } from "../debian/rootfs.ts";
import { debEntries, PYTHON_CUT } from "../debian/deb.ts";
import { debDigest } from "../debian/digest.ts";
import type { BaseLayers } from "../layers.ts";

/** Empty, and the module's own: see docs/decisions/005. */
const BYTECODE: DirectoryEntry = {
  kind: "directory",
  path: BYTECODE_FOLDER.slice(1),
  mode: 0o700,
  owner: { uid: USER.uid, gid: USER.gid },
};

/** `undefined` where no deployment has a script. */
export function pythonLayer(base: BaseLayers, platform: Platform): LayerSource | undefined {
  if (base.lock.kind !== "assembled") return undefined;
  const { suite, python } = base.lock;
  const debs = python?.packages[platform];
  if (debs === undefined) return undefined;
  const version = debs.find(({ name }) => name === "python3")?.version.split("-")[0] ?? "";
  return {
    name: `Python ${version} (Debian ${suite})`,
    group: "base",
    key: JSON.stringify(["python", platform, debs, BYTECODE]),
    entries: async () => {
      const unpacked = new Map<string, Entry>();
      const folder = await mkdtemp(join(base.folder, "python-"));
      for (const deb of debs) {
        const file = base.store.path(debDigest(deb));
        const options = { ...deb, file, run: base.run, folder, cut: PYTHON_CUT };
        for (const entry of await debEntries(options)) unpacked.set(entry.path, entry);
      }
      return [...unpacked.values(), ...alternatives([...unpacked.keys()]), BYTECODE];
    },
  };
}

/** Debian's choice among equal libraries; the threaded one where both are there. */
const ALTERNATIVE =
  /^(?<folder>usr\/lib\/[^/]+)\/(?<kind>openblas-pthread|blas|lapack)\/(?<name>lib(?:blas|lapack)\.so\.3)$/u;

function alternatives(paths: readonly string[]): readonly Entry[] {
  const links = new Map<string, Entry>();
  // blas and lapack sort before openblas-pthread, which so has the last word.
  for (const path of paths.toSorted((a, b) => (a < b ? -1 : 1))) {
    const { folder, name } = ALTERNATIVE.exec(path)?.groups ?? {};
    if (folder === undefined || name === undefined) continue;
    const link = `${folder}/${name}`;
    links.set(link, symlink(link, posix.relative(folder, path)));
  }
  return [...links.values()];
}

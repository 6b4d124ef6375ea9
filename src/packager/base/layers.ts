/** Which layers is the base? The system's and Node's, from blobs that are in the store. */

import { mkdtemp, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "../../spec/resolved.ts";
import type { BlobStore } from "../blob-store.ts";
import type { Entry } from "../entry.ts";
import type { LayerSource, ReadyLayer } from "../layers/layer-source.ts";
import type { RunProgram } from "../programs.ts";
import { bytesOf, unpackTar } from "../unpack.ts";
import { writeFileFrom } from "../write-file.ts";
import { debEntries } from "./debian/deb.ts";
import { debDigest } from "./debian/digest.ts";
import { notAsLocked } from "./lock.ts";
import type { BaseLock, ImageLock } from "./lock.ts";
import { integrityDigest } from "./node-package.ts";
import { rootfs } from "./debian/rootfs.ts";

/** @source the npm packages node-linux-*: `package/bin/node`, `package/LICENSE` */
const NODE_FILES: Readonly<Record<string, string>> = {
  "package/bin/node": "usr/local/bin/node",
  "package/LICENSE": "usr/share/doc/nodejs/copyright",
};

export type BaseLayers = {
  readonly lock: BaseLock | ImageLock;
  readonly store: BlobStore;
  readonly run: RunProgram;
  /** For what is unpacked on the way. */
  readonly folder: string;
};

export function baseLayers(
  base: BaseLayers,
  platform: Platform,
): readonly (LayerSource | ReadyLayer)[] {
  const { lock } = base;
  if (lock.kind === "assembled") return assembledLayers(base, lock, platform);
  return (lock.platforms[platform]?.layers ?? []).map(({ name, ...blob }) => ({
    name,
    group: "base",
    blob,
  }));
}

function assembledLayers(
  base: BaseLayers,
  { suite, packages, node }: BaseLock,
  platform: Platform,
): readonly LayerSource[] {
  const debs = packages[platform] ?? [];
  const integrity = node.integrity[platform] ?? "";
  return [
    {
      name: `system (Debian ${suite})`,
      group: "base",
      key: JSON.stringify(["system", platform, debs]),
      entries: async () => {
        const unpacked: Entry[] = [];
        const folder = await mkdtemp(join(base.folder, "debs-"));
        for (const deb of debs) {
          const file = base.store.path(debDigest(deb));
          unpacked.push(...(await debEntries({ ...deb, file, run: base.run, folder })));
        }
        return rootfs(unpacked, platform);
      },
    },
    {
      name: `Node ${node.version}`,
      group: "base",
      key: JSON.stringify(["node", node.version, integrity]),
      entries: async () => nodeEntries(base, { version: node.version, integrity }),
    },
  ];
}

async function nodeEntries(
  { store, folder }: BaseLayers,
  { version, integrity }: { readonly version: string; readonly integrity: string },
): Promise<Entry[]> {
  const program = join(await mkdtemp(join(folder, "node-")), "node");
  const entries: Entry[] = [];
  const file = store.path(integrityDigest(integrity));
  await unpackTar({ file, gzip: true }, async (member) => {
    if (member.path === "package/package.json") proveVersion(await bytesOf(member.bytes), version);
    const path = NODE_FILES[member.path];
    if (path === undefined) return;
    if (!member.executable) {
      const content = { bytes: await bytesOf(member.bytes) };
      entries.push({ kind: "file", path, mode: 0o644, content });
      return;
    }
    await writeFileFrom(program, member.bytes);
    const content = { file: program, size: (await stat(program)).size };
    entries.push({ kind: "file", path, mode: 0o755, content });
  });
  return entries;
}

function proveVersion(packageJson: Buffer, version: string): void {
  const { version: own } = JSON.parse(packageJson.toString()) as { readonly version: string };
  if (own !== version) throw notAsLocked(`Node ${version}`, own);
}

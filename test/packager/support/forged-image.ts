/** OCI layouts of a few bytes, whole or forged on purpose. */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import type { Header } from "tar-stream";
import { digestOf } from "../../../src/packager/blob-store.ts";

export type Member = Partial<Header> & { readonly name: string; readonly text?: string };

export type Forgery = {
  /** Members of each layer, bottom to top. */
  readonly layers: readonly (readonly Member[])[];
  readonly config?: Readonly<Record<string, unknown>>;
  /** Changes the compressed bytes of a layer behind the back of its digest. */
  readonly spoil?: (gzip: Buffer) => Buffer;
  /** Instead of gzip. */
  readonly compress?: (tar: Buffer) => Buffer;
  /** Instead of the digest of the unpacked layer. */
  readonly diffId?: string;
  readonly names?: readonly string[];
  /** What the manifest says of each layer instead of the truth. */
  readonly descriptor?: Readonly<Record<string, unknown>>;
};

export async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const tar = pack();
  for (const { text = "", ...header } of members) tar.entry({ mode: 0o644, ...header }, text);
  tar.finalize();
  return buffer(tar);
}

/** A layout of one linux/amd64 image with a Node in it. */
export async function writeLayout(folder: string, forgery: Forgery): Promise<string> {
  const { layers, config, spoil = (gzip: Buffer) => gzip, names = [] } = forgery;
  const { compress = gzipSync } = forgery;
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  const put = async (bytes: Buffer, digest = digestOf(bytes)) => {
    await writeFile(join(folder, "blobs", digest.replace(":", "/")), bytes);
    return { digest, size: bytes.length };
  };
  const tars = await Promise.all(layers.map(tarOf));
  const blobs = await Promise.all(
    tars.map(async (tar) => {
      const gzip = compress(tar);
      const digest = forgery.spoil === undefined ? undefined : digestOf(gzip);
      const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
      return { mediaType, ...(await put(spoil(gzip), digest)), ...forgery.descriptor };
    }),
  );
  const image = {
    architecture: "amd64",
    os: "linux",
    config: {
      User: "10001:10001",
      Env: ["ORT_DISABLE_TELEMETRY=1"],
      Labels: {
        "org.opencontainers.image.title": "pump",
        "io.edgewright.version": "0.1.0",
        "io.edgewright.endpoint": "pump",
      },
      ...config,
    },
    rootfs: { type: "layers", diff_ids: tars.map((tar) => forgery.diffId ?? digestOf(tar)) },
    history: tars.map((_, at) => ({ created_by: `edgewright: ${names[at] ?? `part ${at}`}` })),
  };
  const configBlob = await put(Buffer.from(JSON.stringify(image)));
  const manifest = await put(
    Buffer.from(JSON.stringify({ schemaVersion: 2, config: configBlob, layers: blobs })),
  );
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, "index.json"), JSON.stringify({ manifests: [manifest] }));
  return folder;
}

export const NODE: Member = { name: "usr/local/bin/node", mode: 0o755, text: "a program" };

/** What Node and ONNX Runtime load, where Debian has it. */
export const LIBRARIES: readonly Member[] = [
  "lib64/ld-linux-x86-64.so.2",
  ...["c.so.6", "dl.so.2", "m.so.6", "pthread.so.0", "rt.so.1", "gcc_s.so.1", "stdc++.so.6"].map(
    (name) => `lib/x86_64-linux-gnu/lib${name}`,
  ),
].map((name) => ({ name, text: "a library" }));

/** A layout of one image as a tar that is a docker archive too. */
export async function dockerArchive(layout: string, tag: string): Promise<Buffer> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as unknown;
  const blob = ({ digest }: Named): string => `blobs/${digest.replace(":", "/")}`;
  const index = (await json("index.json")) as { manifests: [Named] };
  const manifest = (await json(blob(index.manifests[0]))) as { config: Named; layers: Named[] };
  const [config, ...layers] = [manifest.config, ...manifest.layers].map(blob);
  const tar = pack();
  const documents = ["index.json", blob(index.manifests[0])];
  for (const name of new Set([...documents, config ?? "", ...layers]))
    tar.entry({ name }, await readFile(join(layout, name)));
  const listed = [{ Config: config, RepoTags: [tag], Layers: layers }];
  tar.entry({ name: "manifest.json" }, JSON.stringify(listed));
  tar.finalize();
  return buffer(tar);
}

type Named = { readonly digest: string };

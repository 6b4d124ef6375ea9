/** What is in an image that lies in a folder: its documents, proven by digest, and its layers? */

import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../core/problem.ts";
import { sha256OfFile } from "../../model/file-digest.ts";
import { digestOf } from "../blob-store.ts";
import type { Digest } from "../blob-store.ts";
import { imageFault } from "./image-fault.ts";
import { packingOf } from "./packing.ts";
import { NoPlainFile, openPlainFile } from "./plain-file.ts";
import { insidePath } from "./unpack-archive.ts";

export type StoredLayer = {
  /** For people, from the image's history. */
  readonly name: string;
  /** Of the blob as it is fetched; of a docker archive the tar's own. */
  readonly digest: Digest;
  readonly bytes: number;
  readonly diffId: Digest;
  readonly file: string;
  readonly mediaType: string;
};

export type StoredImage = {
  /** `linux/amd64`, `linux/arm64/v8` */
  readonly platform: string;
  readonly config: {
    readonly digest: Digest;
    readonly bytes: number;
    readonly file: string;
    readonly json: ImageJson;
  };
  /** 0 bytes where the image has none (docker archives). */
  readonly manifest: { readonly digest: Digest; readonly bytes: number };
  /** Of the list of platforms above it, where there is one. */
  readonly indexBytes: number;
  readonly layers: readonly StoredLayer[];
};

const digest = z.custom<Digest>((value) => /^sha256:[0-9a-f]{64}$/u.test(String(value)), "digest");
const descriptor = z.object({
  mediaType: z.string().default(""),
  digest,
  size: z.number().int().nonnegative(),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
});
const index = z.object({ manifests: z.array(descriptor) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const dockerArchive = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) }));
const imageJson = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  config: z
    .object({
      User: z.string().optional(),
      Env: z.array(z.string()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      WorkingDir: z.string().optional(),
    })
    .default({}),
  rootfs: z.object({ diff_ids: z.array(digest) }),
  history: z
    .array(
      z.object({ created_by: z.string().default(""), empty_layer: z.boolean().default(false) }),
    )
    .default([]),
});
export type ImageJson = z.infer<typeof imageJson>;

/** A manifest or config; layers are never read as a whole. */
const MOST_DOCUMENT_BYTES = 16 << 20;
/** Lists of lists of platforms end somewhere. */
const DEEPEST_INDEX = 4;

/** Every image of a layout or of an unpacked docker archive: one or more. @throws UserError */
export async function storedImages(folder: string, name: string): Promise<readonly StoredImage[]> {
  const images = await readImages({ folder, name });
  if (images.length === 0) throw imageFault(name, "holds no image");
  return images;
}

async function readImages(place: Place): Promise<readonly StoredImage[]> {
  const { folder, name } = place;
  if (existsSync(join(folder, "index.json"))) {
    const { manifests } = parse(await document(place, "index.json"), index, place);
    const images = await Promise.all(
      manifests.map((one) => imagesOf(one, place, { indexBytes: 0, depth: 0 })),
    );
    return images.flat();
  }
  if (!existsSync(join(folder, "manifest.json")))
    throw imageFault(name, "is neither an OCI layout nor a docker archive");
  const listed = parse(await document(place, "manifest.json"), dockerArchive, place);
  return Promise.all(listed.map((one) => dockerImage(one, place)));
}

type Place = { readonly folder: string; readonly name: string };
type Descriptor = z.infer<typeof descriptor>;

async function imagesOf(
  wanted: Descriptor,
  place: Place,
  { indexBytes, depth }: { readonly indexBytes: number; readonly depth: number },
): Promise<readonly StoredImage[]> {
  const bytes = await blob(wanted, place);
  const json = parseJson(bytes, place);
  const list = index.safeParse(json);
  if (list.success) {
    if (depth === DEEPEST_INDEX) throw imageFault(place.name, "has lists of platforms without end");
    const all = list.data.manifests.map((one) =>
      imagesOf(one, place, { indexBytes: bytes.length, depth: depth + 1 }),
    );
    return (await Promise.all(all)).flat();
  }
  const { config, layers } = check(json, manifest, place);
  const configBytes = await blob(config, place);
  const image = check(parseJson(configBytes, place), imageJson, place);
  const diffIds = image.rootfs.diff_ids;
  // An attestation stands among the platforms and is no image.
  if (image.os === "unknown") return [];
  const { platform } = wanted;
  if (
    platform !== undefined &&
    `${platform.os}/${platform.architecture}` !== `${image.os}/${image.architecture}`
  )
    throw imageFault(
      place.name,
      `lists an image for ${platform.os}/${platform.architecture}, whose config says ${image.os}/${image.architecture}`,
    );
  if (diffIds.length !== layers.length)
    throw imageFault(
      place.name,
      `has ${layers.length} layers, and its config names ${diffIds.length}`,
    );
  const names = layerNames(image);
  return [
    {
      platform: platformOf(image),
      config: {
        digest: config.digest,
        bytes: configBytes.length,
        file: join(place.folder, blobPath(config.digest)),
        json: image,
      },
      manifest: { digest: wanted.digest, bytes: bytes.length },
      indexBytes,
      layers: layers.map(({ digest: layer, size, mediaType }, at) => ({
        name: names[at] ?? `layer ${at + 1}`,
        digest: layer,
        bytes: size,
        diffId: diffIds[at] ?? layer,
        file: join(place.folder, blobPath(layer)),
        mediaType,
      })),
    },
  ];
}

async function dockerImage(
  { Config, Layers }: z.infer<typeof dockerArchive>[number],
  place: Place,
): Promise<StoredImage> {
  const bytes = await document(place, Config);
  const json = parse(bytes, imageJson, place);
  const diffIds = json.rootfs.diff_ids;
  if (diffIds.length !== Layers.length)
    throw imageFault(
      place.name,
      `has ${Layers.length} layers, and its config names ${diffIds.length}`,
    );
  const names = layerNames(json);
  const layers = Layers.map(async (path, at): Promise<StoredLayer> => {
    const file = inside(path, place);
    const diffId = diffIds[at] ?? digestOf("");
    const { handle, size } = await openInside(place, path);
    await handle.close();
    const mediaType = "application/vnd.docker.image.rootfs.diff.tar";
    const name = names[at] ?? `layer ${at + 1}`;
    // Engines write tars and take gzip as well; nothing in the archive says which it is.
    const packed: Digest =
      (await packingOf(file)) === "gzip" ? `sha256:${await sha256OfFile(file)}` : diffId;
    return { name, digest: packed, bytes: size, diffId, file, mediaType };
  });
  return {
    platform: platformOf(json),
    config: { digest: digestOf(bytes), bytes: bytes.length, file: inside(Config, place), json },
    manifest: { digest: digestOf(""), bytes: 0 },
    indexBytes: 0,
    layers: await Promise.all(layers),
  };
}

function platformOf({ os, architecture, variant }: ImageJson): string {
  // arm64 has one variant, and images name it or not.
  const known = variant === undefined || architecture === "arm64" ? [] : [variant];
  return [os, architecture, ...known].join("/");
}

/** Without the steps that made no layer, and without our own mark. */
function layerNames({ history }: ImageJson): readonly string[] {
  return history
    .filter(({ empty_layer }) => !empty_layer)
    .map(({ created_by }) => created_by.replace(/^edgewright: /u, ""));
}

async function blob({ digest: wanted, size }: Descriptor, place: Place): Promise<Buffer> {
  const bytes = await document(place, blobPath(wanted));
  if (bytes.length !== size || digestOf(bytes) !== wanted)
    throw imageFault(place.name, `holds other bytes than ${wanted} at ${blobPath(wanted)}`);
  return bytes;
}

async function document(place: Place, path: string): Promise<Buffer> {
  const { handle, size } = await openInside(place, path);
  try {
    if (size > MOST_DOCUMENT_BYTES)
      throw imageFault(place.name, `has ${size} bytes at ${path}, where a document stands`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

type OpenFile = { readonly handle: FileHandle; readonly size: number };

async function openInside(place: Place, path: string): Promise<OpenFile> {
  try {
    const handle = await openPlainFile(inside(path, place));
    return { handle, size: (await handle.stat()).size };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof NoPlainFile)
      throw imageFault(place.name, `holds '${path}', which is no plain file`);
    throw imageFault(place.name, `has no ${path}`);
  }
}

function inside(path: string, { folder, name }: Place): string {
  const known = insidePath(path);
  if (known === undefined) throw imageFault(name, `names '${path}', which leads out of it`);
  return join(folder, known);
}

function parse<T extends z.ZodType>(bytes: Buffer, shape: T, place: Place): z.infer<T> {
  return check(parseJson(bytes, place), shape, place);
}

function parseJson(bytes: Buffer, { name }: Place): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    throw imageFault(name, "holds a document that is not JSON");
  }
}

function check<T extends z.ZodType>(json: unknown, shape: T, { name }: Place): z.infer<T> {
  const read = shape.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw imageFault(name, `is wrong at "${issue?.path.join(".")}" (${issue?.message})`);
}

function blobPath(wanted: string): string {
  return `blobs/${wanted.replace(":", "/")}`;
}

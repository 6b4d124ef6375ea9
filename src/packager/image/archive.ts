/**
 * Which bytes does `docker load` take, and podman and skopeo as well? One tar that is an OCI layout
 * and a docker archive at once, over the same blobs.
 *
 * @source opencontainers/image-spec: image-layout.md; moby/moby: image/tarexport/load.go
 */

import type { BlobStore } from "../blob-store.ts";
import type { Entry } from "../entry.ts";
import { textFile } from "../entry.ts";
import type { Platform } from "../../spec/resolved.ts";
import { architectureOf, descriptor, MEDIA_TYPES } from "./image.ts";
import type { Document, Image, ImageIndex } from "./image.ts";
import { fullName, printReference } from "./reference.ts";
import type { Reference } from "./reference.ts";
import { tarChunks } from "./tar.ts";

export type ArchiveParts = {
  readonly index: ImageIndex;
  readonly reference: Reference;
  /** Of the machine that builds: its image gets the plain tag, where docker knows one image a tag. */
  readonly host: Platform;
  readonly blobs: BlobStore;
};

export function archiveChunks(parts: ArchiveParts): AsyncGenerator<Uint8Array> {
  return tarChunks(archiveEntries(parts));
}

/** The docker tag of each image: the host's (or, without it, the first) has the plain one. */
function dockerTags({ index, reference, host }: ArchiveParts): readonly string[] {
  const plain = index.images.find((image) => image.platform === host) ?? index.images[0];
  return index.images.map((image) => {
    const suffix = image === plain ? "" : `-${architectureOf(image.platform)}`;
    return printReference({ ...reference, tag: `${reference.tag}${suffix}` });
  });
}

export function archiveEntries(parts: ArchiveParts): readonly Entry[] {
  const { index, blobs } = parts;
  const entries = new Map<string, Entry>();
  const add = (entry: Entry): void => void entries.set(entry.path, entry);
  add(documentFile(index));
  for (const image of index.images) {
    add(documentFile(image.config));
    add(documentFile(image.manifest));
    for (const { digest, bytes } of image.layers) {
      const content = { file: blobs.path(digest), size: bytes };
      add({ kind: "file", path: blobPath(digest), mode: 0o644, content });
    }
  }
  add(textFile("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })));
  add(textFile("index.json", JSON.stringify(layoutIndex(parts))));
  add(textFile("manifest.json", JSON.stringify(dockerManifest(parts))));
  return [...entries.values()];
}

/** One descriptor: with the platforms flat in here, skopeo refuses to choose. */
function layoutIndex({ index, reference }: ArchiveParts): unknown {
  const annotations = {
    "io.containerd.image.name": fullName(reference),
    "org.opencontainers.image.ref.name": reference.tag,
  };
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: [{ ...descriptor(MEDIA_TYPES.index, index), annotations }],
  };
}

function dockerManifest(parts: ArchiveParts): unknown {
  const tags = dockerTags(parts);
  return parts.index.images.map((image: Image, number) => ({
    Config: blobPath(image.config.digest),
    RepoTags: [tags[number]],
    Layers: image.layers.map((layer) => blobPath(layer.digest)),
  }));
}

function documentFile({ digest, bytes }: Document): Entry {
  return { kind: "file", path: blobPath(digest), mode: 0o644, content: { bytes } };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

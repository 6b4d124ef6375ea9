/**
 * How do layers become images, and images one index? Values only: each document is kept as the
 * bytes that its digest is of.
 *
 * @source opencontainers/image-spec: config.md, manifest.md, image-index.md
 */

import { digestOf } from "../blob-store.ts";
import type { Digest } from "../blob-store.ts";
import type { Platform } from "../../spec/resolved.ts";
import type { Layer } from "./layer.ts";

export const MEDIA_TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** What the container does; the same on every platform. */
export type ImageConfig = {
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
};

export type Document = { readonly digest: Digest; readonly bytes: Buffer };

export type Image = {
  readonly platform: Platform;
  readonly config: Document;
  readonly manifest: Document;
  readonly layers: readonly Layer[];
};

export type ImageIndex = Document & { readonly images: readonly Image[] };

export type ImageParts = {
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  /** RFC 3339, without fractions. */
  readonly created: string;
};

export function imageOf(parts: ImageParts): Image {
  const config = document(configJson(parts));
  const manifest = document({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: descriptor(MEDIA_TYPES.config, config),
    layers: parts.layers.map(({ digest, bytes }) => ({
      mediaType: MEDIA_TYPES.layer,
      digest,
      size: bytes,
    })),
  });
  return { platform: parts.platform, config, manifest, layers: parts.layers };
}

export function indexOf(images: readonly Image[]): ImageIndex {
  const index = document({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: images.map((image) => ({
      ...descriptor(MEDIA_TYPES.manifest, image.manifest),
      platform: { architecture: architectureOf(image.platform), os: "linux" },
    })),
  });
  return { ...index, images };
}

/** Compressed bytes that a device without any of it fetches. */
export function imageBytes(image: Image): number {
  const layers = image.layers.reduce((sum, layer) => sum + layer.bytes, 0);
  return layers + image.config.bytes.length + image.manifest.bytes.length;
}

export function architectureOf(platform: Platform): "amd64" | "arm64" {
  return platform === "linux/amd64" ? "amd64" : "arm64";
}

export function descriptor(
  mediaType: string,
  { digest, bytes }: Document,
): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest, size: bytes.length };
}

function document(json: unknown): Document {
  const bytes = Buffer.from(JSON.stringify(json));
  return { digest: digestOf(bytes), bytes };
}

function configJson({ platform, config, layers, created }: ImageParts): unknown {
  const names = Object.keys(config.labels).toSorted();
  return {
    created,
    architecture: architectureOf(platform),
    os: "linux",
    config: {
      User: config.user,
      ExposedPorts: Object.fromEntries(config.ports.map((port) => [`${port}/tcp`, {}])),
      Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      WorkingDir: config.workingDir,
      Labels: Object.fromEntries(names.map((name) => [name, config.labels[name]])),
      StopSignal: config.stopSignal,
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map(({ name }) => ({ created, created_by: `edgewright: ${name}` })),
  };
}

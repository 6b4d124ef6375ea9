/** What does a build take, and what does it give? */

import type { Problem } from "../core/problem.ts";
import type { ShippedModel } from "../model/prepare/shipped.ts";
import type { Platform, ResolvedDeployment } from "../spec/resolved.ts";
import type { Digest } from "./blob-store.ts";
import type { Layer } from "./image/layer.ts";
import type { RunProgram } from "./programs.ts";

export type PackOutput =
  | { readonly kind: "archive"; readonly file: string }
  | { readonly kind: "docker" }
  /** An OCI layout, or the files of the layers with a Dockerfile over them. */
  | { readonly kind: "oci" | "dockerfile"; readonly folder: string };

export type MaxUpdate = {
  readonly bytes: number;
  /** An image to compare with; the record of the build before at the same place otherwise. */
  readonly from?: string;
};

export type PackOptions = {
  readonly output: PackOutput;
  readonly platforms: readonly Platform[];
  /** `repository[:tag]`; without it the endpoint's name and 12 digits of the digest. */
  readonly tag?: string;
  /** What the way from the build before may cost a device. */
  readonly maxUpdate?: MaxUpdate;
  /** Path of a model's file → what goes into the image in its place. */
  readonly models?: ReadonlyMap<string, ShippedModel>;
  /** Folder of edgewright itself: dist, module-template and deployment-manifests are in it. */
  readonly packageRoot: string;
  /** `image.lock.json` lies in it, beside the spec. */
  readonly specFolder: string;
  /** Relative paths count from it, and the manifest of a loaded image lies in it. */
  readonly workingFolder: string;
  readonly cacheFolder: string;
  /** A temporary folder is made in it, for what is unpacked on the way. */
  readonly temporaryFolder: string;
  readonly frozen: boolean;
  /** As the spec or a flag names it; `auto` without one. A relative place counts from the folder. */
  readonly base?: { readonly text: string; readonly folder: string };
  /** SOURCE_DATE_EPOCH, else 0: never the clock. */
  readonly createdEpochSeconds: number;
  /** Of this machine. */
  readonly hostPlatform: Platform;
  readonly progress: (line: string) => void;
  readonly run: RunProgram;
  /** What differs from owner to owner of the same image: goes into createOptions, never into the image. */
  readonly deviceEnv?: Readonly<Record<string, string>>;
  /** Where the engine is told. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of a batch endpoint: what its job manifests run, and from which specs. */
  readonly jobs?: { readonly deployment: ResolvedDeployment; readonly specs: readonly string[] };
  readonly signal?: AbortSignal;
};

/** What decides the bytes of the images. */
export type AssembleOptions = Omit<
  PackOptions,
  "output" | "tag" | "deviceEnv" | "maxUpdate" | "jobs"
>;

export type PackedImage = {
  readonly platform: Platform;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Compressed, all layers. */
  readonly bytes: number;
  /** Bottom to top. */
  readonly layers: readonly Layer[];
};

export type PackResult = {
  /** `repository:tag` */
  readonly name: string;
  readonly index: { readonly digest: Digest };
  /** In the order that was asked for. */
  readonly images: readonly PackedImage[];
  readonly files: {
    /** A file or a folder; absent where the image went into an engine. */
    readonly image?: string;
    readonly manifest: string;
    readonly record: string;
    /** CycloneDX. */
    readonly sbom: string;
    /** Absent where it says already what was built. */
    readonly lock?: string;
    /** Indexed Job and array script of a batch endpoint. */
    readonly kubernetes?: string;
    readonly slurm?: string;
  };
  readonly problems: readonly Problem[];
};

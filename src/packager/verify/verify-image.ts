/** Is an image safe to ship? Digests, user, labels, telemetry, setuid files and secrets. */

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../../core/problem.ts";
import { readStoredLayer } from "../base/import-layer.ts";
import { openEngineOf } from "../open-engine.ts";
import { parseImageSource } from "../sources/image-source.ts";
import { openImages } from "../sources/open-image.ts";
import type { StoredImage } from "../sources/stored-image.ts";
import { findSecrets, secretsIn } from "./secrets.ts";

export type VerifyOptions = {
  /** Values that must not be in an image. */
  readonly secrets: readonly string[];
  readonly workingFolder: string;
  readonly temporaryFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  /** A further check of an image that is whole. */
  readonly smoke?: (image: StoredImage, folder: string) => Promise<SmokeResult>;
};

export type SmokeResult = {
  readonly scored: readonly string[];
  readonly problems: readonly Problem[];
};

export type VerifiedImage = {
  readonly platform: string;
  /** Of the manifest; of the config where there is none. */
  readonly digest: string;
  readonly layers: number;
  /** Deployments whose recorded sample was scored again. */
  readonly scored: readonly string[];
};

/** @throws UserError where the image is not even what it says */
export async function verifyImage(
  text: string,
  options: VerifyOptions,
): Promise<{ readonly images: readonly VerifiedImage[]; readonly problems: readonly Problem[] }> {
  const source = parseImageSource(text, options.workingFolder);
  const folder = await mkdtemp(join(options.temporaryFolder, "edgewright-"));
  try {
    const engine = openEngineOf(options.env);
    const problems: Problem[] = [];
    const images: VerifiedImage[] = [];
    for (const image of await openImages(source, { folder, engine })) {
      problems.push(...configProblems(image, options.secrets));
      for (const problem of await layerProblems(image, text, options)) problems.push(problem);
      const smoke = await options.smoke?.(image, folder);
      problems.push(...(smoke?.problems ?? []));
      const { platform, manifest, config, layers } = image;
      images.push({
        platform,
        digest: manifest.bytes > 0 ? manifest.digest : config.digest,
        layers: layers.length,
        scored: smoke?.scored ?? [],
      });
    }
    return { images, problems };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without these nobody can tell what an image serves. */
const LABELS = [
  "org.opencontainers.image.title",
  "io.edgewright.version",
  "io.edgewright.endpoint",
];

function configProblems(
  { platform, config: { json } }: StoredImage,
  secrets: readonly string[],
): readonly Problem[] {
  const { User = "", Env, Labels } = json.config;
  const problems: Problem[] = [];
  if (!/^[1-9]\d*(?::\d+)?$/u.test(User))
    problems.push(
      unfit(
        `${platform}: the user is "${User}", a number other than 0 is allowed`,
        "Set a numeric user.",
      ),
    );
  if (!(Env ?? []).includes("ORT_DISABLE_TELEMETRY=1"))
    problems.push(
      unfit(
        `${platform}: ORT_DISABLE_TELEMETRY is not 1 in its environment`,
        "Build the image with edgewright, which switches ONNX Runtime's telemetry off.",
      ),
    );
  const missing = LABELS.filter((label) => Labels?.[label] === undefined);
  if (missing.length > 0)
    problems.push(
      unfit(
        `${platform}: it has no label ${missing.join(", ")}`,
        "Build the image with edgewright, which labels it.",
      ),
    );
  for (const what of findSecrets(JSON.stringify(json), secrets))
    problems.push(secret(`${platform}: its config`, what));
  return problems;
}

async function layerProblems(
  image: StoredImage,
  name: string,
  { secrets, progress }: VerifyOptions,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const ours = image.layers.findIndex((layer) => layer.name.startsWith("ONNX Runtime"));
  for (const [at, layer] of image.layers.entries()) {
    progress(`${image.platform}: ${layer.name}`);
    await readStoredLayer(layer, name, async ({ path, kind, mode, bytes }) => {
      const place = `${image.platform}: /${path} of ${layer.name}`;
      if (kind === "file" && (mode & 0o6000) !== 0) problems.push(setuid(place, at < ours));
      if (kind !== "file") return;
      for (const what of await secretsIn(bytes, secrets)) problems.push(secret(place, what));
    });
  }
  return problems;
}

function setuid(place: string, isBase: boolean): Problem {
  return {
    ...unfit(
      `${place} is setuid or setgid`,
      isBase ? "Take a base without it where that matters." : "Take the bit off.",
    ),
    severity: isBase ? "warning" : "error",
  };
}

function secret(place: string, what: string): Problem {
  return unfit(
    `${place} holds ${what}`,
    "Take it out, and make a new one: it may be known already.",
  );
}

function unfit(message: string, hint: string): Problem {
  return { code: "IMAGE_UNFIT", severity: "error", message: `${message}.`, hint };
}

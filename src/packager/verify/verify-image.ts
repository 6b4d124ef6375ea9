/** Is an image safe to ship? Digests, user, labels, telemetry, setuid files and secrets. */

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Problem } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { readStoredLayer } from "../base/foreign/import-layer.ts";
import { ENDPOINT_FILE, MODELS_FOLDER } from "../layers/places.ts";
import { openEngineOf } from "../engine/open-engine.ts";
import { parseImageSource } from "../sources/image-source.ts";
import { openImages } from "../sources/open-image.ts";
import type { StoredImage } from "../sources/stored-image.ts";
import { bytesOf } from "../unpack.ts";
import { modelFaults, readEndpoint } from "./recorded-models.ts";
import type { HeldFile } from "./recorded-models.ts";
import { findSecrets, secretsIn } from "./secrets.ts";
import { tryImage } from "./trial.ts";
import { makeWorkFolder } from "../leftovers.ts";
import { workFault } from "../output/output-files.ts";

export type VerifyOptions = {
  /** Values that must not be in an image. */
  readonly secrets: readonly string[];
  readonly workingFolder: string;
  readonly temporaryFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  /** The image of this platform is tried in the engine, where there is one. */
  readonly hostPlatform: string;
  /** Ends the work; what it left in a folder or in the engine is removed. */
  readonly signal?: AbortSignal;
};

export type VerifiedImage = {
  readonly platform: string;
  /** Of the manifest; of the config where there is none. */
  readonly digest: string;
  readonly layers: number;
  /** Deployments whose recorded sample was scored again. */
  readonly scored: readonly string[];
  /** Why no sample was scored, where none could be: nobody shall take silence for a passed score. */
  readonly unscored?: string;
};

/** @throws UserError where the image is not even what it says */
export async function verifyImage(
  text: string,
  options: VerifyOptions,
): Promise<{ readonly images: readonly VerifiedImage[]; readonly problems: readonly Problem[] }> {
  const { signal } = options;
  const source = parseImageSource(text, options.workingFolder);
  const folder = await makeWorkFolder(options.temporaryFolder);
  try {
    const engine = openEngineOf(options.env);
    const problems: Problem[] = [];
    const images: VerifiedImage[] = [];
    for (const image of await openImages(source, { folder, engine, signal })) {
      problems.push(...configProblems(image, options.secrets));
      const read = await readLayers(image, text, options);
      problems.push(...read.problems);
      const { unscored, ...tried } = await tryImage(image, read.endpoint, {
        ...options,
        source,
        engine,
      });
      signal?.throwIfAborted();
      problems.push(...tried.problems);
      const { platform, manifest, config, layers } = image;
      images.push({
        platform,
        digest: manifest.bytes > 0 ? manifest.digest : config.digest,
        layers: layers.length,
        scored: tried.scored,
        ...(unscored !== undefined && { unscored }),
      });
    }
    return { images, problems };
  } catch (error) {
    // What a signal interrupts fails in words of its own.
    signal?.throwIfAborted();
    throw workFault(error, options);
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
  // What a process sees of two that contradict each other depends on who looks.
  const telemetry = (Env ?? []).filter((each) => each.startsWith("ORT_DISABLE_TELEMETRY="));
  if (telemetry.length === 0 || telemetry.some((each) => !each.endsWith("=1")))
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

type ReadLayers = {
  readonly problems: readonly Problem[];
  /** What the image says it serves. */
  readonly endpoint: ResolvedEndpoint | undefined;
};

async function readLayers(
  image: StoredImage,
  name: string,
  { secrets, progress, signal }: VerifyOptions,
): Promise<ReadLayers> {
  const problems: Problem[] = [];
  let endpoint: ResolvedEndpoint | undefined;
  const held = new Map<string, HeldFile>();
  const ours = image.layers.findIndex((layer) => layer.name.startsWith("ONNX Runtime"));
  for (const [at, layer] of image.layers.entries()) {
    progress(`${image.platform}: ${layer.name}`);
    await readStoredLayer(layer, name, async ({ path, kind, mode, bytes }) => {
      signal?.throwIfAborted();
      const place = `${image.platform}: /${path} of ${layer.name}`;
      if (kind === "file" && (mode & 0o6000) !== 0) problems.push(setuid(place, at < ours));
      if (kind !== "file") return;
      const isEndpoint = path === ENDPOINT_FILE;
      const text = isEndpoint ? await bytesOf(bytes) : undefined;
      const hash = createHash("sha256");
      const content = text === undefined ? bytes : Readable.from([text]);
      const found = await secretsIn(hashed(content, hash), secrets);
      if (path.startsWith(`${MODELS_FOLDER}/`))
        held.set(path, { sha256: hash.digest("hex"), layer: layer.name });
      for (const what of found) problems.push(secret(place, what));
      if (text !== undefined) endpoint = readEndpoint(text.toString(), name);
    });
  }
  const labels = image.config.json.config.Labels ?? {};
  for (const fault of endpoint === undefined ? [] : modelFaults(endpoint, labels, held))
    problems.push(unfit(`${image.platform}: ${fault}`, "Build the image again."));
  return { problems, endpoint };
}

async function* hashed(bytes: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
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

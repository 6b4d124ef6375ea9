/** How does an image, wherever it lies, get into the engine of this machine for one try, and out again? */

import { randomUUID } from "node:crypto";
import { UserError } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import type { Engine } from "../engine/engine.ts";
import { ENDPOINT_FILE } from "../layers/places.ts";
import { dockerArchive } from "../sources/docker-archive.ts";
import type { ImageSource } from "../sources/image-source.ts";
import type { StoredImage } from "../sources/stored-image.ts";
import { smokeFault, smokeScore } from "./smoke.ts";
import type { SmokeResult } from "./smoke.ts";

export type Trying = {
  readonly source: ImageSource;
  readonly hostPlatform: string;
  /** Of this machine, asked for only where an image can be tried. */
  readonly engine: () => Promise<Engine>;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
};

export type Tried = SmokeResult & {
  /** Why no sample was scored, where none could be. */
  readonly unscored?: string;
};

/** @param endpoint as the image holds it */
export async function tryImage(
  image: StoredImage,
  endpoint: ResolvedEndpoint | undefined,
  { source, hostPlatform, engine: openEngine, progress, signal }: Trying,
): Promise<Tried> {
  const { platform } = image;
  if (platform !== hostPlatform) return untried(`this machine is ${hostPlatform}`);
  if (endpoint === undefined) return untried(`it has no /${ENDPOINT_FILE}`);
  let engine: Engine;
  try {
    engine = await openEngine();
  } catch (error) {
    return untried((error as Error).message);
  }
  progress(`${platform}: a score in a container`);
  const score = async (name: string): Promise<Tried> => {
    const tried = await smokeScore(engine, name, { endpoint, signal });
    const isSilent = tried.scored.length === 0 && tried.problems.length === 0;
    return isSilent ? untried("its build recorded no sample") : tried;
  };
  if (source.kind === "daemon") return score(source.reference);
  // A name of its own: under the image's, another one of this machine would lose that name.
  const name = `edgewright-verify-${randomUUID().slice(0, 8)}:1`;
  try {
    await engine.load(dockerArchive(image, name, signal), name);
    return await score(name);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    return { scored: [], problems: [smokeFault(`it is not loaded: ${error.message}`)] };
  } finally {
    await engine.removeImage(name);
  }
}

function untried(reason: string): Tried {
  return { scored: [], problems: [], unscored: reason };
}

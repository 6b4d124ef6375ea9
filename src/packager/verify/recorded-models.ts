/** Are the models that an image says it serves in it, under the digests that it says? */

import { posix } from "node:path";
import { z } from "zod";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { ENDPOINT_FILE } from "../layers/places.ts";
import { imageFault } from "../sources/image-fault.ts";

/** What lies at a path of the image, in the layer that has the last word. */
export type HeldFile = {
  readonly sha256: string;
  /** Name of the layer. */
  readonly layer: string;
};

const DIGEST = /^[0-9a-f]{64}$/u;

const recorded = z.object({
  deployments: z.array(
    z.object({
      name: z.string(),
      model: z
        .object({
          name: z.string(),
          version: z.string(),
          path: z.string(),
          sha256: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

/** @throws UserError where it is none */
export function readEndpoint(text: string, image: string): ResolvedEndpoint {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw imageFault(image, `holds a /${ENDPOINT_FILE} that is not JSON`);
  }
  const read = recorded.safeParse(json);
  if (read.success) return json as ResolvedEndpoint;
  const issue = read.error.issues[0];
  const place = `"${issue?.path.join(".")}" (${issue?.message})`;
  throw imageFault(image, `holds a /${ENDPOINT_FILE} that is wrong at ${place}`);
}

/**
 * One sentence for each fault.
 *
 * @param endpoint as the image holds it
 * @param held by path in the image
 */
export function modelFaults(
  { deployments }: ResolvedEndpoint,
  labels: Readonly<Record<string, string>>,
  held: ReadonlyMap<string, HeldFile>,
): readonly string[] {
  const faults: string[] = [];
  for (const { name, model } of deployments) {
    if (model === undefined) continue;
    const label = labels[`io.edgewright.deployment.${name}.model.sha256`];
    for (const digest of new Set([model.sha256, label]))
      if (digest !== undefined && !DIGEST.test(digest))
        faults.push(`the model of ${name} is recorded under "${digest}", which is no SHA-256`);
    if (model.sha256 === undefined) continue;
    const path = posix.join(posix.dirname(ENDPOINT_FILE), model.path);
    const file = held.get(path);
    if (file === undefined) faults.push(`the model of ${name}, /${path}, is not in it`);
    // A prepared copy is another file than the one that its record names.
    else if (isAsGiven(file, model) && file.sha256 !== model.sha256)
      faults.push(`the model of ${name} has the digest ${file.sha256}, not ${model.sha256}`);
  }
  return faults;
}

type Named = { readonly name: string; readonly version: string };

function isAsGiven({ layer }: HeldFile, { name, version }: Named): boolean {
  return layer === `model ${name}:${version}`;
}

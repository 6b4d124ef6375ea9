/**
 * What is in the images, for scanners? A CycloneDX document: Debian packages, npm packages that are
 * really bundled, Node, ONNX Runtime, and the models with their digests.
 *
 * @source CycloneDX/specification: schema/bom-1.6.schema.json
 */

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Platform, ResolvedEndpoint } from "../../spec/resolved.ts";
import type { Lock } from "../base/lock.ts";
import type { Digest } from "../blob-store.ts";
import { architectureOf } from "../image/image.ts";

export type SbomFacts = {
  /** `repository:tag` */
  readonly name: string;
  readonly index: Digest;
  /** RFC 3339. */
  readonly created: string;
  readonly platforms: readonly Platform[];
  readonly lock: Lock;
  readonly endpoint: ResolvedEndpoint;
  readonly packageRoot: string;
};

type Component = {
  readonly type: "application" | "container" | "library" | "machine-learning-model";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: "SHA-256"; readonly content: string }[];
  readonly licenses?: readonly unknown[];
};

export async function printSbom(facts: SbomFacts): Promise<string> {
  const { name, index, created, lock, endpoint } = facts;
  const components = [
    ...baseComponents(facts),
    ...(await npmComponents(facts)),
    ...modelComponents(endpoint),
  ];
  const image: Component = {
    type: "container",
    "bom-ref": name,
    name: name.slice(0, name.lastIndexOf(":")),
    version: name.slice(name.lastIndexOf(":") + 1),
    hashes: [sha256(index)],
  };
  const tool = { type: "application", name: "edgewright", version: lock.edgewright };
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(index)}`,
    version: 1,
    metadata: { timestamp: created, tools: { components: [tool] }, component: image },
    components,
    dependencies: [{ ref: name, dependsOn: components.map((part) => part["bom-ref"]) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function baseComponents({ lock, platforms }: SbomFacts): readonly Component[] {
  const { base } = lock;
  if (base.kind === "image") {
    const layers = platforms.flatMap((platform) => base.platforms[platform]?.layers ?? []);
    const unique = new Map(layers.map((layer) => [layer.digest, layer]));
    return [...unique.values()].map(({ name, digest }) => ({
      type: "container",
      "bom-ref": `base@${digest}`,
      name: `base: ${name}`,
      hashes: [sha256(digest)],
    }));
  }
  const debs = platforms.flatMap((platform) =>
    (base.packages[platform] ?? []).map(({ name, version, sha256: hash }): Component => {
      const place = `arch=${architectureOf(platform)}&distro=${base.suite}`;
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?${place}`;
      const hashes = [{ alg: "SHA-256" as const, content: hash }];
      return { type: "library", "bom-ref": purl, name, version, purl, hashes };
    }),
  );
  // An architecture-independent package is the same file on every platform.
  const unique = new Map(debs.map((deb) => [deb["bom-ref"], deb]));
  const { version } = base.node;
  const purl = `pkg:generic/node@${version}`;
  return [
    ...unique.values(),
    { type: "application", "bom-ref": purl, name: "node", version, purl },
  ];
}

async function npmComponents({ packageRoot, lock }: SbomFacts): Promise<readonly Component[]> {
  const { edgewright, onnxruntime } = lock;
  const packages = new Map<string, Component>();
  const add = (name: string, version: string, license: string): void => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const licenses = SPDX.test(license)
      ? [{ expression: license }]
      : [{ license: { name: license } }];
    packages.set(purl, { type: "library", "bom-ref": purl, name, version, purl, licenses });
  };
  add("edgewright", edgewright, "MIT");
  add("onnxruntime-node", onnxruntime, "MIT");
  add("onnxruntime-common", onnxruntime, "MIT");
  for (const folder of (await readdir(join(packageRoot, "dist", "vendor"))).toSorted()) {
    const file = join(packageRoot, "dist", "vendor", folder, "LICENSES.txt");
    const text = await readFile(file, "utf8").catch(() => "");
    for (const [, name = "", version = "", license = ""] of text.matchAll(BUNDLED))
      add(name, version, license);
  }
  return [...packages.values()];
}

/** What npm asks for in `license`; what stands there instead is only a name. */
const SPDX = /^(?!SEE |UNLICENSED)[\w.+() -]+$/u;
/** The first line of each licence in LICENSES.txt: `pino 10.4.0 (MIT)`. */
const BUNDLED = /(?:^|\n-{72}\n\n)(\S+) (\d\S*) \(([^\n]*)\)\n/gu;

function modelComponents({ deployments }: ResolvedEndpoint): readonly Component[] {
  const models = new Map<string, Component>();
  for (const { model } of deployments) {
    if (model === undefined) continue;
    const { name, version, sha256: content } = model;
    const ref = `model:${name}@${version}`;
    const hashes = content === undefined ? {} : { hashes: [{ alg: "SHA-256" as const, content }] };
    models.set(ref, { type: "machine-learning-model", "bom-ref": ref, name, version, ...hashes });
  }
  return [...models.values()];
}

function sha256(digest: Digest): { readonly alg: "SHA-256"; readonly content: string } {
  return { alg: "SHA-256", content: digest.slice("sha256:".length) };
}

/** Version 8: bits that the maker chooses; here from the image. @source RFC 9562, 5.8 */
function uuidOf(digest: Digest): string {
  const hex = createHash("sha256").update(`edgewright sbom ${digest}`).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

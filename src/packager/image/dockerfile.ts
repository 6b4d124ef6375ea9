/** How do people build the same image with Docker? A Dockerfile a platform, one step a layer. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { textFile } from "../entry.ts";
import type { Entry } from "../entry.ts";
import type { ArchiveParts } from "./archive.ts";
import { architectureOf } from "./image.ts";
import type { Image } from "./image.ts";
import type { Layer } from "./layer.ts";

/** As IoT Edge's own templates name platforms. */
const TAGS = { "linux/amd64": "amd64", "linux/arm64": "arm64v8" } as const;

/** Layers stand in the context as tars: `ADD` keeps modes, owners and links of every file. */
export async function contextEntries(
  { index, reference, blobs }: ArchiveParts,
  packageRoot: string,
): Promise<readonly Entry[]> {
  const entries = new Map<string, Entry>();
  const add = (entry: Entry): void => void entries.set(entry.path, entry);
  for (const image of index.images) {
    add(textFile(`Dockerfile.${TAGS[image.platform]}`, dockerfile(image)));
    for (const [at, layer] of image.layers.entries()) {
      const content = { file: blobs.path(layer.digest), size: layer.bytes };
      add({ kind: "file", path: layerPath(image, layer, at), mode: 0o644, content });
    }
  }
  const template = JSON.parse(
    await readFile(join(packageRoot, "module-template", "module.json"), "utf8"),
  ) as { image: object };
  const platforms = Object.fromEntries(
    index.images.map(({ platform }) => [TAGS[platform], `./Dockerfile.${TAGS[platform]}`]),
  );
  const { repository, tag } = reference;
  const image = { ...template.image, repository, tag: { version: tag, platforms } };
  add(textFile("module.json", `${JSON.stringify({ ...template, image }, undefined, 2)}\n`));
  return [...entries.values()];
}

function dockerfile(image: Image): string {
  const { config } = JSON.parse(image.config.bytes.toString()) as {
    config: {
      User: string;
      ExposedPorts: Readonly<Record<string, unknown>>;
      Env: readonly string[];
      Entrypoint: readonly string[];
      WorkingDir: string;
      Labels: Readonly<Record<string, string>>;
      StopSignal: string;
    };
  };
  const steps = image.layers.map((layer, at) => ({
    base: layer.group === "base",
    text: `# ${layer.name}\nADD ${layerPath(image, layer, at)} /`,
  }));
  const text = (base: boolean): readonly string[] =>
    steps.filter((step) => step.base === base).map((step) => step.text);
  const settings = [
    ...config.Env.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return `ENV ${name}=${quote(value.join("="))}`;
    }),
    ...Object.entries(config.Labels).map(([name, value]) => `LABEL ${name}=${quote(value)}`),
    `WORKDIR ${config.WorkingDir}`,
    `USER ${config.User}`,
    `EXPOSE ${Object.keys(config.ExposedPorts)
      .map((port) => port.replace("/tcp", ""))
      .join(" ")}`,
    `STOPSIGNAL ${config.StopSignal}`,
    `ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`,
  ];
  const hasPython = image.layers.some(
    ({ group, name }) => group === "base" && name.startsWith("Python "),
  );
  const python = hasPython ? ", and the Python packages of this one" : "";
  return [
    `# The module for ${image.platform}, with the files that edgewright's own image has.`,
    `#     docker build -f Dockerfile.${TAGS[image.platform]} .`,
    `# BASE may be an image of your own with glibc, libstdc++, Node at ${config.Entrypoint[0]}${python}.`,
    `#     docker build -f Dockerfile.${TAGS[image.platform]} --target base .    makes that one alone`,
    "ARG BASE=base",
    "FROM scratch AS base",
    ...text(true),
    "",
    "FROM ${BASE}",
    ...text(false),
    ...settings,
    "",
  ].join("\n");
}

/** What both platforms have stands once. */
function layerPath(image: Image, { name, digest }: Layer, at: number): string {
  const title = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/gu, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/gu, "");
  const number = String(at + 1).padStart(2, "0");
  const place = /^(?:system|node|onnx)/u.test(title) ? `-${architectureOf(image.platform)}` : "";
  return `layers/${number}-${title}${place}-${digest.slice(7, 15)}.tar.gz`;
}

/** In double quotes a dollar and a backslash mean something to Docker. */
function quote(value: string): string {
  return `"${value.replaceAll(/["\\$]/gu, String.raw`\$&`).replaceAll("\n", " ")}"`;
}

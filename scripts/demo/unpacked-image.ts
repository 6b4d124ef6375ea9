/** An image without an engine: its layers unpacked into a folder, its entrypoint started from there. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type UnpackedImage = {
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

type Descriptor = {
  readonly digest: string;
  readonly platform?: { readonly architecture: string };
};

/** Architectures of images by Node's names of them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Unpacks the image of this machine's architecture from an archive into `root`. */
export function unpackImage(archive: string, root: string): UnpackedImage {
  const layout = `${root}.layout`;
  mkdirSync(layout);
  mkdirSync(root);
  untar(archive, layout);
  const read = <T>(digest: string): T =>
    JSON.parse(readFileSync(blob(layout, digest), "utf8")) as T;
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: Descriptor[];
  };
  const index = read<{ manifests: Descriptor[] }>(manifests[0]?.digest ?? "");
  const ours = index.manifests.find(({ platform }) => platform?.architecture === architecture());
  const manifest = read<{ config: Descriptor; layers: Descriptor[] }>(ours?.digest ?? "");
  for (const { digest } of manifest.layers) untar(blob(layout, digest), root);
  const { config } = read<{ config: { Entrypoint: string[]; Env: string[] } }>(
    manifest.config.digest,
  );
  const env = Object.fromEntries(
    config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  return { root, entrypoint: config.Entrypoint, env };
}

function architecture(): string {
  const found = ARCHITECTURES[process.arch];
  if (found === undefined) {
    throw new Error(`images are made for amd64 and arm64, this machine is ${process.arch}`);
  }
  return found;
}

function blob(layout: string, digest: string): string {
  return join(layout, "blobs", ...digest.split(":"));
}

function untar(archive: string, folder: string): void {
  const { status, stderr } = spawnSync("tar", ["-xf", archive, "-C", folder, "--no-same-owner"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`tar cannot unpack ${archive}: ${stderr}`);
}

export type StartedImage = {
  readonly url: string;
  /** Ends it with SIGTERM; gives its exit code. */
  readonly stop: () => Promise<number | null>;
};

export type ImageCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** The entrypoint with the image's own Node and environment, on free local ports. */
export function imageCommand({ root, entrypoint, env }: UnpackedImage): ImageCommand {
  const inRoot = (text: string): string => (text.startsWith("/") ? join(root, text) : text);
  const [program = "", ...args] = entrypoint.map(inRoot);
  return {
    program,
    args,
    env: {
      ...env,
      EDGEWRIGHT_ENDPOINT: inRoot(env["EDGEWRIGHT_ENDPOINT"] ?? ""),
      EDGEWRIGHT_HOST: "127.0.0.1",
      EDGEWRIGHT_PORT: "0",
      EDGEWRIGHT_METRICS_PORT: "0",
    },
  };
}

export async function startImage(image: UnpackedImage): Promise<StartedImage> {
  const { program, args, env } = imageCommand(image);
  const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "pipe"] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return (await exited)[0];
  };
  for await (const line of createInterface(child.stderr)) {
    console.log(line);
    const ready = /"url":"([^"]+)"/.exec(line);
    if (ready?.[1] === undefined) continue;
    child.stderr.resume();
    return { url: ready[1], stop };
  }
  throw new Error(`the runtime ended before it was ready, exit code ${(await exited)[0]}`);
}

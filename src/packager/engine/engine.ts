/** How does an image get into the container engine of this machine? The only file with dockerode. */

import { createInterface } from "node:readline";
import { PassThrough, Readable } from "node:stream";
import Docker from "dockerode";
import { userError } from "../../core/problem.ts";
import { addressOf, connectionTo } from "./address.ts";
import type { Environment } from "./address.ts";
import { engineError, noImage, startError } from "./fault.ts";

export type Engine = {
  /** Loads a docker archive; afterwards the engine knows the image by this name. */
  readonly load: (archive: AsyncIterable<Uint8Array>, name: string) => Promise<void>;
  /** The docker archive of an image that the engine has. */
  readonly save: (name: string) => Promise<NodeJS.ReadableStream>;
  readonly has: (name: string) => Promise<boolean>;
  readonly removeImage: (name: string) => Promise<void>;
  /** Starts a container of an image that the engine has. */
  readonly run: (options: ContainerOptions) => Promise<Container>;
  /** This machine, as containers on the default network see it. */
  readonly bridgeAddress: () => Promise<string>;
  /** Where it is there already, with the labels that it has. */
  readonly makeVolume: (name: string, labels: Labels) => Promise<void>;
  readonly removeVolume: (name: string) => Promise<void>;
  readonly removeContainer: (name: string) => Promise<void>;
  /** Containers, running or not, and volumes that have a label. */
  readonly labelled: (label: string) => Promise<readonly Labelled[]>;
  /** Names of the images with a tag, whatever their repository. */
  readonly imagesTagged: (tag: string) => Promise<readonly string[]>;
};

export type Labels = Readonly<Record<string, string>>;

export type Labelled = {
  readonly kind: "container" | "volume";
  readonly name: string;
  readonly labels: Labels;
};

export type ContainerOptions = {
  readonly image: string;
  readonly name: string;
  /** `NAME=value` */
  readonly env: readonly string[];
  /** As the engine's API takes them; `Image`, `Env` and `Labels` stand here. */
  readonly createOptions: object;
  readonly labels: Labels;
  /** One line of what it says. */
  readonly onLine: (line: string) => void;
};

/** Removed by itself when it ends. */
export type Container = {
  readonly kill: () => void;
  readonly stop: () => Promise<void>;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
};

/** The engine that `DOCKER_HOST` names, else the one at the usual socket; asked whether it is there. */
export async function openEngine(env: Environment): Promise<Engine> {
  const address = addressOf(env);
  const docker = new Docker(connectionTo(address, env));
  const ask: Ask = async (work) => {
    try {
      return await work();
    } catch (error) {
      throw engineError(address, error);
    }
  };
  await ask(() => docker.ping());
  return {
    ...imagesOf(docker, ask),
    ...volumesOf(docker, ask),
    run: (options) =>
      ask(() =>
        startContainer(docker, options).catch((error: unknown) => {
          throw startError(options, error);
        }),
      ),
    bridgeAddress: () =>
      ask(async () => gatewayOf((await docker.getNetwork("bridge").inspect()) as Network)),
    removeContainer: (name) => unlessGone(docker.getContainer(name).remove(WITH_ALL)),
    labelled: (label) => ask(() => listLabelled(docker, label)),
  };
}

/** With the engine's own words where it refuses. */
type Ask = <T>(work: () => Promise<T>) => Promise<T>;

type Images = Pick<Engine, "save" | "load" | "has" | "removeImage" | "imagesTagged">;

function imagesOf(docker: Docker, ask: Ask): Images {
  return {
    save: (name) =>
      ask(async () => {
        const image = docker.getImage(name);
        await image.inspect().catch((error: unknown) => {
          const { statusCode } = error as { readonly statusCode?: number };
          throw statusCode === 404 ? noImage(name) : error;
        });
        return image.get();
      }),
    load: (archive, name) =>
      ask(async () => {
        await watchLoad(await docker.loadImage(Readable.from(archive)));
        await docker.getImage(name).inspect();
      }),
    has: (name) =>
      docker
        .getImage(name)
        .inspect()
        .then(
          () => true,
          () => false,
        ),
    removeImage: (name) => unlessGone(docker.getImage(name).remove()),
    imagesTagged: (tag) =>
      ask(async () => {
        const images = await docker.listImages({ filters: { reference: [`*:${tag}`] } });
        const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
        return names.filter((name) => name.endsWith(`:${tag}`));
      }),
  };
}

function volumesOf(docker: Docker, ask: Ask): Pick<Engine, "makeVolume" | "removeVolume"> {
  return {
    makeVolume: (name, labels) =>
      ask(async () => void (await docker.createVolume({ Name: name, Labels: { ...labels } }))),
    removeVolume: (name) => unlessGone(docker.getVolume(name).remove()),
  };
}

/** What is to be removed may be gone, or in use by somebody who came to it. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
  await removal.catch(() => undefined);
}

/** Volumes that have no name go with their container. */
const WITH_ALL = { force: true, v: true } as const;

async function listLabelled(docker: Docker, label: string): Promise<readonly Labelled[]> {
  const filters = { label: [label] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  return [
    ...containers.map(
      ({ Id, Labels }) => ({ kind: "container", name: Id, labels: Labels }) as const,
    ),
    ...Volumes.map(({ Name, Labels }) => ({ kind: "volume", name: Name, labels: Labels }) as const),
  ];
}

type Network = {
  readonly IPAM: {
    readonly Config: readonly { readonly Gateway?: string; readonly Subnet?: string }[];
  };
};

/** Not every engine says it: then it is the first address of the network, as engines choose it. */
function gatewayOf({ IPAM }: Network): string {
  for (const { Gateway, Subnet } of IPAM.Config) {
    if (Gateway !== undefined) return Gateway;
    const first = Subnet?.match(/^(?<head>\d+\.\d+\.\d+)\.0\//)?.groups?.["head"];
    if (first !== undefined) return `${first}.1`;
  }
  throw userError("BUILD_ENGINE", "the engine's default network has no address on this machine");
}

/** edgeAgent's engine kills after 10 s. */
const GRACE_SECONDS = 10;

async function startContainer(docker: Docker, options: ContainerOptions): Promise<Container> {
  const { image, name, env, createOptions, labels, onLine } = options;
  const container = await docker.createContainer({
    ...createOptions,
    name,
    Image: image,
    Env: [...env],
    Labels: { ...labels },
  });
  // Neither ends by itself where the container never starts, and both keep the process alive.
  const never = new AbortController();
  const abortSignal = never.signal;
  let exited: Promise<{ StatusCode: number }>;
  try {
    const output = await container.attach({
      stream: true,
      stdout: true,
      stderr: true,
      abortSignal,
    });
    output.on("error", () => undefined);
    for (const stream of splitOutput(docker, output)) createInterface(stream).on("line", onLine);
    exited = container.wait({ condition: "next-exit", abortSignal }) as typeof exited;
    // The failure of the start is told, not that of the wait that ends with it.
    exited.catch(() => undefined);
    await container.start();
  } catch (error) {
    never.abort();
    await container.remove(WITH_ALL).catch(() => undefined);
    throw error;
  }
  const ended = exited.then(async ({ StatusCode }) => {
    await container.remove(WITH_ALL).catch(() => undefined);
    return `exit code ${StatusCode}`;
  });
  return {
    kill: () => void container.kill().catch(() => undefined),
    stop: async () => {
      await container.stop({ t: GRACE_SECONDS }).catch(() => undefined);
      await ended;
    },
    ended,
  };
}

function splitOutput(docker: Docker, output: NodeJS.ReadWriteStream): readonly PassThrough[] {
  const streams = [new PassThrough(), new PassThrough()] as const;
  (
    docker.modem as { demuxStream: (from: unknown, out: unknown, err: unknown) => void }
  ).demuxStream(output, ...streams);
  return streams;
}

/** The engine answers 200 and reports what went wrong inside the stream, one JSON document a line. */
async function watchLoad(stream: NodeJS.ReadableStream): Promise<void> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  for (const line of text.split("\n").filter((part) => part.trim() !== "")) {
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) throw new Error(error);
  }
}

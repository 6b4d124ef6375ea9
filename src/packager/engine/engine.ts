/** How does an image get into the container engine of this machine? The only file with dockerode. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough, Readable } from "node:stream";
import Docker from "dockerode";
import { UserError, userError } from "../../core/problem.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

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
  readonly removeVolume: (name: string) => Promise<void>;
};

export type ContainerOptions = {
  readonly image: string;
  readonly name: string;
  /** `NAME=value` */
  readonly env: readonly string[];
  /** As the engine's API takes them; `Image` and `Env` stand above. */
  readonly createOptions: object;
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

type Environment = Readonly<Record<string, string | undefined>>;

/** The engine that `DOCKER_HOST` names, else the one at the usual socket; asked whether it is there. */
export async function openEngine(env: Environment): Promise<Engine> {
  const address = env["DOCKER_HOST"] ?? `unix://${DEFAULT_SOCKET}`;
  const docker = new Docker(connection(address, env));
  try {
    await docker.ping();
  } catch (error) {
    throw engineError(address, error);
  }
  return {
    save: async (name) => {
      try {
        await docker.getImage(name).inspect();
        return await docker.getImage(name).get();
      } catch (error) {
        const { statusCode } = error as { readonly statusCode?: number };
        throw statusCode === 404 ? noImage(name) : engineError(address, error);
      }
    },
    load: async (archive, name) => {
      try {
        const stream = await docker.loadImage(Readable.from(archive));
        await watchLoad(stream);
        await docker.getImage(name).inspect();
      } catch (error) {
        throw engineError(address, error);
      }
    },
    has: (name) =>
      docker
        .getImage(name)
        .inspect()
        .then(
          () => true,
          () => false,
        ),
    removeImage: async (name) => {
      await docker
        .getImage(name)
        .remove()
        .catch(() => undefined);
    },
    run: async (options) => {
      try {
        return await startContainer(docker, options);
      } catch (error) {
        throw engineError(address, error);
      }
    },
    bridgeAddress: async () => {
      try {
        return addressOf((await docker.getNetwork("bridge").inspect()) as Network);
      } catch (error) {
        throw engineError(address, error);
      }
    },
    removeVolume: async (name) => {
      await docker
        .getVolume(name)
        .remove()
        .catch(() => undefined);
    },
  };
}

type Network = {
  readonly IPAM: {
    readonly Config: readonly { readonly Gateway?: string; readonly Subnet?: string }[];
  };
};

/** Not every engine says it: then it is the first address of the network, as engines choose it. */
function addressOf({ IPAM }: Network): string {
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
  const { image, name, env, createOptions, onLine } = options;
  const container = await docker.createContainer({
    ...createOptions,
    name,
    Image: image,
    Env: [...env],
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
    await container.remove({ force: true }).catch(() => undefined);
    throw error;
  }
  const ended = exited.then(async ({ StatusCode }) => {
    await container.remove({ force: true }).catch(() => undefined);
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

function connection(address: string, env: Environment): Docker.DockerOptions {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "unix:") return { socketPath: url.pathname };
  if (url?.protocol !== "tcp:" && url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw userError("BUILD_ENGINE", `DOCKER_HOST is "${address}"; unix:// and tcp:// are known.`, {
      hint: "Set DOCKER_HOST to the engine's socket, or write an archive with -o archive:FILE.",
    });
  }
  const certificates = env["DOCKER_CERT_PATH"];
  const secure = env["DOCKER_TLS_VERIFY"] !== undefined && certificates !== undefined;
  const host = { host: url.hostname, port: url.port === "" ? 2375 : Number(url.port) };
  if (!secure) return { ...host, protocol: "http" };
  const read = (file: string): string => readFileSync(join(certificates, file), "utf8");
  return {
    ...host,
    protocol: "https",
    ca: read("ca.pem"),
    cert: read("cert.pem"),
    key: read("key.pem"),
  };
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

function noImage(name: string): Error {
  return userError("IMAGE_SOURCE", `The container engine has no image ${name}.`, {
    hint: "Look at what it has with docker images, and bring the image with docker pull or docker load.",
  });
}

function engineError(address: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  const hints: Readonly<Record<string, string>> = {
    ENOENT: "Start a container engine, or write an archive with -o archive:FILE.",
    ECONNREFUSED: "Start the container engine, or write an archive with -o archive:FILE.",
    EACCES: "Join the group that may use the engine, or write an archive with -o archive:FILE.",
  };
  const reason = code === undefined ? message.trim() : code;
  return userError("BUILD_ENGINE", `The container engine at ${address} refuses: ${reason}.`, {
    hint: hints[code ?? ""] ?? "Read the engine's log, or write an archive with -o archive:FILE.",
  });
}

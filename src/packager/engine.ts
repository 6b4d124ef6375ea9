/** How does an image get into the container engine of this machine? The only file with dockerode. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { UserError, userError } from "../core/problem.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

export type Engine = {
  /** Loads a docker archive; afterwards the engine knows the image by this name. */
  readonly load: (archive: AsyncIterable<Uint8Array>, name: string) => Promise<void>;
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
    load: async (archive, name) => {
      try {
        const stream = await docker.loadImage(Readable.from(archive));
        await watchLoad(stream);
        await docker.getImage(name).inspect();
      } catch (error) {
        throw engineError(address, error);
      }
    },
  };
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

/** Where is the engine that the environment names, and how is it spoken to? */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { userError } from "../../core/problem.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** As dockerode takes it. */
export type Connection =
  | { readonly socketPath: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly protocol: "http" | "https";
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
    };

const DEFAULT_SOCKET = "/var/run/docker.sock";

export function addressOf(env: Environment): string {
  return env["DOCKER_HOST"] ?? `unix://${DEFAULT_SOCKET}`;
}

/** @throws UserError BUILD_ENGINE for an address that no engine has */
export function connectionTo(address: string, env: Environment): Connection {
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

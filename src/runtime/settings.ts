/** What the environment says about one start of the runtime. */

import { userError } from "../core/problem.ts";
import { LOG_LEVELS } from "./log/log.ts";
import type { LogLevel } from "./log/log.ts";

export type Settings = {
  /** File of the resolved endpoint. */
  readonly endpointFile: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** SHA-256 of the keys that are valid. */
  readonly keyHashes: readonly string[];
  /** Deployment → bytes that an instance of its model was measured to need. */
  readonly modelMemory: Readonly<Record<string, number>>;
  /** Public keys of whoever signs tokens. */
  readonly tokenKeys: readonly string[];
  /** Where `/metrics` stands alone and open; without it nowhere. */
  readonly metricsPort?: number;
  /** Whether this is a module of an IoT Edge device. */
  readonly edge: boolean;
  /** Where the volume is; without it as the endpoint says. */
  readonly volume?: string;
  /** Folders that jobs may read and write; without one the volume. */
  readonly dataFolders: readonly string[];
};

/** Every variable the runtime reads; docs/settings.md is made from this table. */
export const SETTINGS = {
  EDGEWRIGHT_ENDPOINT: {
    default: "/var/azureml-app/endpoint.json",
    summary: "file of the resolved endpoint",
  },
  EDGEWRIGHT_HOST: {
    default: "127.0.0.1",
    summary: "address to listen on; images set it to 0.0.0.0",
  },
  EDGEWRIGHT_PORT: { default: "5001", summary: "port to listen on, 0 for a free one" },
  EDGEWRIGHT_METRICS_PORT: {
    default: "",
    summary: "a second port that serves /metrics alone, without credentials; images set it to 9600",
  },
  EDGEWRIGHT_KEY_HASHES: {
    default: "",
    summary: "SHA-256 of each valid key in hexadecimal, with commas; from the deployment manifest",
  },
  EDGEWRIGHT_TOKEN_KEY: {
    default: "",
    summary: "public Ed25519 key that verifies tokens, base64url; from the deployment manifest",
  },
  EDGEWRIGHT_VOLUME: {
    default: "",
    summary:
      "folder of the volume where results wait for the hub; otherwise the spec's edge.volume",
  },
  EDGEWRIGHT_DATA: {
    default: "",
    summary:
      "folders that the jobs of a batch endpoint may read and write, with commas; otherwise the volume",
  },
  EDGEWRIGHT_MODEL_MEMORY: {
    default: "",
    summary:
      "bytes that a model was measured to need, as blue=58300000 with commas; from the deployment manifest",
  },
  EDGEWRIGHT_LOG_LEVEL: { default: "info", summary: LOG_LEVELS.join(", ") },
} as const satisfies Record<string, { default: string; summary: string }>;

/** @throws UserError RUNTIME_SETTING */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const value = (name: keyof typeof SETTINGS): string => env[name] || SETTINGS[name].default;
  const list = (name: keyof typeof SETTINGS): readonly string[] =>
    value(name)
      .split(",")
      .map((text) => text.trim())
      .filter((text) => text !== "");
  const metricsPort = value("EDGEWRIGHT_METRICS_PORT");
  return {
    endpointFile: value("EDGEWRIGHT_ENDPOINT"),
    host: value("EDGEWRIGHT_HOST"),
    port: parsePort(value("EDGEWRIGHT_PORT"), "EDGEWRIGHT_PORT"),
    logLevel: parseLogLevel(value("EDGEWRIGHT_LOG_LEVEL"), "EDGEWRIGHT_LOG_LEVEL"),
    edge: Boolean(env["IOTEDGE_WORKLOADURI"] || env["EdgeHubConnectionString"]),
    ...(value("EDGEWRIGHT_VOLUME") !== "" && { volume: value("EDGEWRIGHT_VOLUME") }),
    dataFolders: list("EDGEWRIGHT_DATA").map(absolute),
    modelMemory: Object.fromEntries(list("EDGEWRIGHT_MODEL_MEMORY").map(parseNeed)),
    keyHashes: list("EDGEWRIGHT_KEY_HASHES"),
    tokenKeys: list("EDGEWRIGHT_TOKEN_KEY"),
    ...(metricsPort !== "" && { metricsPort: parsePort(metricsPort, "EDGEWRIGHT_METRICS_PORT") }),
  };
}

function absolute(folder: string): string {
  if (folder.startsWith("/")) return folder;
  throw userError("RUNTIME_SETTING", `EDGEWRIGHT_DATA holds '${folder}', expected absolute paths`);
}

function parseNeed(text: string): readonly [string, number] {
  const [, name = "", bytes = ""] = /^([\w-]+)=(\d{1,15})$/.exec(text) ?? [];
  if (name !== "") return [name, Number(bytes)];
  throw userError(
    "RUNTIME_SETTING",
    `EDGEWRIGHT_MODEL_MEMORY holds '${text}', expected a deployment and bytes: blue=58300000`,
  );
}

/** @param name what the value belongs to: a variable or a flag */
export function parsePort(text: string, name: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw userError("RUNTIME_SETTING", `${name} is '${text}', expected a port from 0 to 65535`);
}

export function parseLogLevel(text: string, name: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw userError("RUNTIME_SETTING", `${name} is '${text}', expected ${LOG_LEVELS.join(", ")}`);
}

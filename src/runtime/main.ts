/** The entrypoint of an image: environment in, signals in, exit code out. Nothing imports it. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";

import { BYTECODE_FOLDER } from "../core/bytecode-folder.ts";
import { UserError, userError } from "../core/problem.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { runBatchCommand } from "./batch/command.ts";
import { createLeave } from "./leave.ts";
import { createLog } from "./log/log.ts";
import { serve } from "./serve.ts";
import { readSettings } from "./settings.ts";

/** Paths in the file are relative to it, so that an unpacked image serves from anywhere. */
async function loadEndpoint(file: string): Promise<ResolvedEndpoint> {
  try {
    const endpoint = JSON.parse(await readFile(file, "utf8")) as ResolvedEndpoint;
    return fromFolder(endpoint, dirname(file));
  } catch (error) {
    throw userError("RUNTIME_ENDPOINT", `${file} cannot be read: ${(error as Error).message}`);
  }
}

/** What the models were measured to need, which the manifest brings along. */
function withNeeds(
  endpoint: ResolvedEndpoint,
  needs: Readonly<Record<string, number>>,
): ResolvedEndpoint {
  const deployments = endpoint.deployments.map((deployment) => {
    const { name, model, ...rest } = deployment;
    const needBytes = needs[name];
    if (model === undefined || needBytes === undefined) return deployment;
    return { name, ...rest, model: { ...model, needBytes } };
  });
  return { ...endpoint, deployments };
}

function fromFolder(endpoint: ResolvedEndpoint, folder: string): ResolvedEndpoint {
  const from = (path: string): string => resolve(folder, path);
  const deployments = endpoint.deployments.map(({ model, script, ...rest }) => ({
    ...rest,
    ...(model && {
      model: {
        ...model,
        path: from(model.path),
        ...(model.directory !== undefined && { directory: from(model.directory) }),
      },
    }),
    ...(script && {
      script: { ...script, directory: from(script.directory), path: from(script.path) },
    }),
  }));
  return { ...endpoint, deployments };
}

/** On the volume of a batch endpoint lie what jobs read and write: what waits for the hub keeps aside. */
function edgeFolder({ kind }: ResolvedEndpoint, volume: string | undefined): string | undefined {
  return kind === "batch" && volume !== undefined ? join(volume, ".edgewright") : volume;
}

function foldersOf(given: readonly string[], volume: string | undefined): readonly string[] {
  return given.length > 0 || volume === undefined ? given : [volume];
}

function volumeOf(folder: string | undefined): { readonly folder?: string } {
  return folder === undefined ? {} : { folder };
}

/** An image with Python has the folder; where the runtime runs elsewhere it does not make one. */
function bytecode(): { readonly bytecode?: string } {
  return existsSync(BYTECODE_FOLDER) ? { bytecode: BYTECODE_FOLDER } : {};
}

/** Of `batch` alone, from the start: as the first process of a container it hears nothing by itself. */
function stopOfBatch(): AbortSignal {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  process.on("SIGINT", () => stop.abort());
  process.on("SIGHUP", () => stop.abort());
  return stop.signal;
}

async function batch(endpoint: ResolvedEndpoint, signal: AbortSignal): Promise<number> {
  return runBatchCommand({
    argv: process.argv.slice(3),
    endpoint,
    env: process.env,
    cwd: process.cwd(),
    host: hostname(),
    pid: process.pid,
    clock,
    stamp: () => new Date().toISOString(),
    log,
    signal,
  });
}

const asked = process.argv[2] === "batch" ? stopOfBatch() : undefined;

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
let log = createLog("info", process.stderr);
try {
  const settings = readSettings(process.env);
  log = createLog(settings.logLevel, process.stderr);
  const endpoint = withNeeds(await loadEndpoint(settings.endpointFile), settings.modelMemory);
  if (asked !== undefined) process.exit(await batch(endpoint, asked));
  const { host, port, metricsPort, keyHashes, tokenKeys } = settings;
  const mode = endpoint.authMode;
  const auth = { mode, keys: mode === "aml_token" ? tokenKeys : keyHashes };
  const metrics = metricsPort === undefined ? {} : { metricsPort };
  const volume = settings.volume ?? endpoint.module.volume?.path;
  const running = await serve({
    endpoint,
    host,
    port,
    ...metrics,
    auth,
    ...(settings.edge && { edge: volumeOf(edgeFolder(endpoint, volume)) }),
    jobs: { folders: foldersOf(settings.dataFolders, volume), logLevel: settings.logLevel },
    setLogLevel: log.setLevel,
    log,
    clock,
    scripts: { python: {}, env: process.env, ...bytecode(), onFailedStart: "retry" },
  });
  const leave = createLeave(running);
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  process.on("SIGHUP", leave);
} catch (error) {
  if (error instanceof UserError) {
    for (const problem of error.problems) log.error(problem.message, { code: problem.code });
  } else {
    log.error((error as Error).stack ?? String(error));
  }
  process.exit(error instanceof UserError ? 1 : 70);
}

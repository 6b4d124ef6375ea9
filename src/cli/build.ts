/** `edgewright build SPEC -o OUTPUT`: image, deployment manifest, record and lock. */

import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { hasErrors, userError } from "../core/problem.ts";
import { publicParts } from "../credentials/credentials.ts";
import type { Problem } from "../core/problem.ts";
import { pack } from "../packager/pack.ts";
import type { PackOptions, PackOutput, PackResult } from "../packager/pack-options.ts";
import { hostPrograms } from "../packager/programs.ts";
import { PLATFORMS } from "../spec/resolved.ts";
import type { Platform, ResolvedEndpoint } from "../spec/resolved.ts";
import { UsageError } from "./command.ts";
import type { Command, Invocation } from "./command.ts";
import { credentialsFor } from "./credentials.ts";
import { DEVICE_OPTION, loadEndpoint } from "./endpoint.ts";
import { cacheFolder, MODEL_OPTIONS, preparing } from "./models.ts";
import { renderBytes } from "./render.ts";
import { servable } from "./servable.ts";
import { PACKAGE_ROOT } from "./version.ts";

export const BUILD: Command = {
  name: "build",
  usage: "SPEC... -o archive:FILE|docker",
  summary: "the module image and its deployment manifest",
  options: {
    output: {
      type: "string",
      short: "o",
      value: "OUTPUT",
      summary: "archive:FILE.tar, or docker for this machine's engine",
    },
    platform: {
      type: "string",
      multiple: true,
      value: "PLATFORM",
      summary: `${PLATFORMS.join(", ")}; both otherwise`,
    },
    tag: {
      type: "string",
      value: "NAME",
      summary: "image name; the endpoint's and its digest otherwise",
    },
    frozen: { type: "boolean", summary: "fail where image.lock.json would have to change" },
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const output = parseOutput(invocation);
    const read = await loadEndpoint(invocation, preparing(invocation));
    if (!read.ok) return { problems: read.problems };
    const { endpoint, models } = read.value;
    const problems = [...read.problems, ...servable(endpoint)];
    if (hasErrors(problems)) return { problems };
    const auth = await authEnv(invocation, endpoint);
    problems.push(...auth.problems);
    const { problems: found, ...result } = await pack(endpoint, {
      ...packOptions(invocation, endpoint, output),
      deviceEnv: auth.env,
      models,
    });
    const { name, index, images, files } = result;
    return {
      problems: [...problems, ...found],
      json: { name, index, images, files },
      text: render(result),
    };
  },
};

/** What the device holds credentials against: in the manifest, so that the image is the same for all. */
export async function authEnv(
  invocation: Invocation,
  { name, authMode }: ResolvedEndpoint,
): Promise<{ env: Readonly<Record<string, string>>; problems: readonly Problem[] }> {
  if (authMode !== "key" && authMode !== "aml_token") return { env: {}, problems: [] };
  const { credentials, problems } = await credentialsFor(name, invocation);
  const variable = authMode === "key" ? "EDGEWRIGHT_KEY_HASHES" : "EDGEWRIGHT_TOKEN_KEY";
  return { env: { [variable]: publicParts(credentials, authMode).join(",") }, problems };
}

function parseOutput({ options }: Invocation): PackOutput {
  const { output } = options;
  if (output === "docker") return { kind: "docker" };
  const file =
    typeof output === "string" && output.startsWith("archive:")
      ? output.slice("archive:".length)
      : "";
  if (file === "") throw new UsageError("build needs -o archive:FILE or -o docker");
  return { kind: "archive", file };
}

export function packOptions(
  invocation: Invocation,
  endpoint: ResolvedEndpoint,
  output: PackOutput,
): PackOptions {
  const { args, cwd, env, options, progress } = invocation;
  const { tag, frozen } = options;
  return {
    output,
    platforms: parsePlatforms(options["platform"], endpoint.module.platforms),
    ...(typeof tag === "string" && { tag }),
    packageRoot: fileURLToPath(PACKAGE_ROOT),
    specFolder: folderOf(resolve(cwd, args[0] ?? ".")),
    workingFolder: cwd,
    cacheFolder: cacheFolder(invocation),
    temporaryFolder: tmpdir(),
    frozen: frozen === true,
    createdEpochSeconds: parseEpoch(env["SOURCE_DATE_EPOCH"]),
    hostPlatform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
    progress,
    run: hostPrograms(env),
    env,
  };
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}

function parsePlatforms(
  given: Invocation["options"][string],
  otherwise: readonly Platform[],
): readonly Platform[] {
  const asked = (Array.isArray(given) ? given : []).flatMap((text: string) => text.split(","));
  if (asked.length === 0) return otherwise;
  return PLATFORMS.filter((platform) => {
    const foreign = asked.find((name) => !PLATFORMS.some((known) => known === name));
    if (foreign !== undefined)
      throw new UsageError(`--platform is '${foreign}', expected ${PLATFORMS.join(" or ")}`);
    return asked.includes(platform);
  });
}

/** @source reproducible-builds.org: specs/source-date-epoch */
function parseEpoch(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw userError("CLI_USAGE", `SOURCE_DATE_EPOCH is '${text}', expected seconds since 1970`);
}

function render({ name, index, images, files }: Omit<PackResult, "problems">): string {
  const rows = images.flatMap(({ platform, bytes, digest, layers }) => [
    `${platform}  ${renderBytes(bytes)}  ${digest}`,
    ...layers.map((layer) => `  ${renderBytes(layer.bytes).padStart(9)}  ${layer.name}`),
  ]);
  const written = Object.values(files).map((file) => `wrote ${file}`);
  return [`${name}  ${index.digest}`, ...rows, ...written].join("\n");
}

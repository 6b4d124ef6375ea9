/** `edgewright build SPEC -o OUTPUT`: image, deployment manifest, record and lock. */

import { hasErrors } from "../../core/problem.ts";
import { publicParts } from "../../credentials/credentials.ts";
import type { Problem } from "../../core/problem.ts";
import { parseReference } from "../../packager/image/reference.ts";
import { pack } from "../../packager/pack.ts";
import type { PackOptions, PackOutput, PackResult } from "../../packager/pack-options.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { ASSEMBLE_OPTIONS, assembleOptions, parseBytes } from "../given/assemble-options.ts";
import { flagValue, UsageError } from "../command.ts";
import type { Command, Invocation } from "../command.ts";
import { credentialsFor } from "../given/credentials.ts";
import { DEVICE_OPTION, loadEndpoint } from "../given/endpoint.ts";
import { MODEL_OPTIONS } from "../given/models.ts";
import { renderBytes } from "../terminal/render.ts";
import { scriptSyntax } from "../machine/script-syntax.ts";

export const BUILD: Command = {
  name: "build",
  usage: "SPEC... -o archive:FILE|oci:DIR|dockerfile:DIR|docker",
  summary: "the module image and its deployment manifest",
  options: {
    output: {
      type: "string",
      short: "o",
      value: "OUTPUT",
      summary: "archive:FILE.tar, oci:DIR, dockerfile:DIR, or docker for this machine's engine",
    },
    tag: {
      type: "string",
      value: "NAME",
      summary: "image name; the endpoint's and its digest otherwise",
    },
    "max-update": {
      type: "string",
      value: "SIZE",
      summary:
        "fail where a device downloads more than that, e.g. 5MB, coming from the build before",
    },
    "update-from": {
      type: "string",
      value: "IMAGE",
      summary: "the image that devices have; the build before at the same place otherwise",
    },
    ...ASSEMBLE_OPTIONS,
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const output = parseOutput(invocation);
    const maxUpdate = maxUpdateOf(invocation);
    const { tag } = invocation.options;
    if (typeof tag === "string") flagValue(() => parseReference(tag, "latest"));
    const read = await loadEndpoint(invocation);
    if (!read.ok) return { problems: read.problems };
    const { endpoint, models } = read.value;
    const jobs = jobsOf(endpoint, invocation.args);
    const problems = [
      ...read.problems,
      ...jobs.problems,
      ...(await scriptSyntax(endpoint, invocation)),
    ];
    if (hasErrors(problems)) return { problems };
    const auth = await authEnv(invocation, endpoint);
    problems.push(...auth.problems);
    const { problems: found, ...result } = await pack(endpoint, {
      ...assembleOptions(invocation, endpoint),
      output,
      ...(typeof tag === "string" && { tag }),
      ...maxUpdate,
      ...(jobs.value && { jobs: jobs.value }),
      deviceEnv: { ...auth.env, ...memoryEnv(endpoint) },
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

/** What the job manifests of a batch endpoint run: its default deployment. */
function jobsOf(
  { kind, deployments, defaultDeployment }: ResolvedEndpoint,
  specs: readonly string[],
): { readonly value?: PackOptions["jobs"]; readonly problems: readonly Problem[] } {
  if (kind !== "batch") return { problems: [] };
  const deployment = deployments.find(({ name }) => name === defaultDeployment);
  if (deployment !== undefined) return { value: { deployment, specs }, problems: [] };
  const message =
    "the endpoint has several deployments and no default: no job manifests are written";
  const hint =
    "Write defaults: {deployment_name: NAME}, or use `batch render --deployment NAME` for each.";
  return { problems: [{ code: "BATCH_DEPLOYMENT", severity: "note", message, hint }] };
}

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

/** What was measured here, for the limits in force there. */
export function memoryEnv({ deployments }: ResolvedEndpoint): Readonly<Record<string, string>> {
  const needs = deployments.flatMap(({ name, model }) =>
    model?.needBytes === undefined ? [] : [`${name}=${model.needBytes}`],
  );
  return needs.length === 0 ? {} : { EDGEWRIGHT_MODEL_MEMORY: needs.join(",") };
}

function maxUpdateOf({ options }: Invocation): Pick<PackOptions, "maxUpdate"> {
  const { "max-update": most, "update-from": from } = options;
  if (typeof most !== "string") {
    if (from !== undefined) throw new UsageError("--update-from needs --max-update SIZE");
    return {};
  }
  const bytes = parseBytes(most);
  if (bytes === undefined)
    throw new UsageError(`--max-update is '${most}', expected a size such as 500kB or 5MB`);
  return { maxUpdate: { bytes, ...(typeof from === "string" && { from }) } };
}

function parseOutput({ options }: Invocation): PackOutput {
  const { output } = options;
  if (output === "docker") return { kind: "docker" };
  const [, kind, place = ""] = /^(archive|oci|dockerfile):(.+)$/su.exec(String(output)) ?? [];
  if (kind === "archive") return { kind, file: place };
  if (kind === "oci" || kind === "dockerfile") return { kind, folder: place };
  throw new UsageError("build needs -o archive:FILE, oci:DIR, dockerfile:DIR or docker");
}

function render({ name, index, images, files }: Omit<PackResult, "problems">): string {
  const rows = images.flatMap(({ platform, bytes, digest, layers }) => [
    `${platform}  ${renderBytes(bytes)}  ${digest}`,
    ...layers.map((layer) => `  ${renderBytes(layer.bytes).padStart(9)}  ${layer.name}`),
  ]);
  const written = Object.values(files).map((file) => `wrote ${file}`);
  return [`${name}  ${index.digest}`, ...rows, ...written].join("\n");
}

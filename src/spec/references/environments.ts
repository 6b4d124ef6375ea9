/** Which image and conda file is a deployment's environment? */

import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { latestVersion } from "../../core/asset.ts";
import type { Place, Problem, Read } from "../../core/problem.ts";
import { parseAsset, renderAsset } from "../asset.ts";
import type { AssetReference } from "../asset.ts";
import type { DeploymentSpec } from "../endpoint.ts";
import { isEnvironmentFile, readEnvironmentFile } from "../environment-file.ts";
import { readCondaFile } from "../python/requirements.ts";
import type { ResolvedEnvironment } from "../resolved.ts";
import { show } from "../text/suggest.ts";
import { folderOf, lookedAt, referenceProblem } from "./lookup.ts";
import type { LookupContext } from "./lookup.ts";
import { searchFolders } from "./roots.ts";

/** Curated by Azure, any version: here they mean the module's own base. */
const CURATED = new Set(["azureml-minimal"]);

const NO_FILE: Read<readonly string[]> = { ok: true, value: [], problems: [] };

type EnvironmentSpec = NonNullable<DeploymentSpec["environment"]>;
type InlineEnvironment = Exclude<EnvironmentSpec, string>;

export async function resolveEnvironment(
  environment: EnvironmentSpec,
  at: Place,
  context: LookupContext,
): Promise<Read<ResolvedEnvironment>> {
  if (typeof environment !== "string") return inline(environment, at, context);
  if (isEnvironmentFile(environment)) {
    const file = resolve(folderOf(at, context), environment);
    if (await isFile(file)) return fromFile(file, context, {});
    return refuse(notFound(`environment file ${show(environment)}`, [file], at));
  }
  const asset = parseAsset(environment, "environment");
  if (asset === undefined) {
    return refuse(
      referenceProblem(
        `${show(environment)} is not an environment reference, must be azureml:name:version`,
        at,
        "Write azureml:AzureML-Minimal:1 for the module's own base.",
      ),
    );
  }
  return byReference(asset, at, context);
}

async function byReference(
  asset: AssetReference,
  at: Place,
  context: LookupContext,
): Promise<Read<ResolvedEnvironment>> {
  if (CURATED.has(asset.name.toLowerCase())) {
    const version = typeof asset.version === "string" ? { version: asset.version } : {};
    return { ok: true, value: { name: asset.name, ...version }, problems: [] };
  }
  const looked: string[] = [];
  for (const folder of searchFolders(folderOf(at, context), context.cwd)) {
    const root = join(folder, "environments", asset.name);
    const version = typeof asset.version === "string" ? asset.version : await latestIn(root);
    for (const extension of ["yml", "yaml"]) {
      const file = join(root, `${version ?? "*"}.${extension}`);
      if (version !== undefined && (await isFile(file))) {
        return fromFile(file, context, { name: asset.name, version });
      }
      looked.push(file);
    }
  }
  return refuse(notFound(`environment ${renderAsset(asset)}`, looked, at));
}

async function latestIn(root: string): Promise<string | undefined> {
  const names = await readdir(root).catch(() => []);
  const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name));
  return latestVersion(files.map((name) => name.replace(/\.ya?ml$/, "")));
}

async function inline(
  environment: InlineEnvironment,
  at: Place,
  context: LookupContext,
): Promise<Read<ResolvedEnvironment>> {
  const { name, version, image, conda_file: conda } = environment;
  const condaFile = conda === undefined ? undefined : resolve(folderOf(at, context), conda);
  if (condaFile !== undefined && !(await isFile(condaFile))) {
    return refuse(notFound(`conda file ${show(conda)}`, [condaFile], at));
  }
  const packages = condaFile === undefined ? NO_FILE : await readCondaFile(condaFile, context.cwd);
  if (!packages.ok) return packages;
  const requirements = packages.value;
  const value: ResolvedEnvironment = {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(image === undefined ? {} : { image }),
    ...(condaFile === undefined ? {} : { condaFile }),
    ...(requirements.length === 0 ? {} : { requirements }),
  };
  return { ok: true, value, problems: [] };
}

/** What the file calls itself is second to how it was asked for. */
async function fromFile(
  file: string,
  context: LookupContext,
  asked: { readonly name?: string; readonly version?: string },
): Promise<Read<ResolvedEnvironment>> {
  const document = await readEnvironmentFile(file, context.cwd);
  if (!document.ok) return document;
  const resolved = await inline(document.value.environment, document.value.at, context);
  if (!resolved.ok) return resolved;
  return { ok: true, value: { ...resolved.value, ...asked }, problems: document.problems };
}

function notFound(what: string, looked: readonly string[], at: Place): Problem {
  const folder = dirname(looked[0] ?? "");
  return referenceProblem(
    `${what} is nowhere: ${lookedAt(looked)}`,
    at,
    `Put the file into ${folder}, or use azureml:AzureML-Minimal:1, the module's own base.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function refuse(problem: Problem): Read<ResolvedEnvironment> {
  return { ok: false, problems: [problem] };
}

/**
 * How does an endpoint become an image and a manifest? The story: plan → base → layers → image per
 * platform → index → manifest → record → files that appear all at once, or an engine that loads.
 */

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { hasErrors, UserError } from "../core/problem.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { assemble } from "./assemble.ts";
import { renderJobFiles } from "./batch/job-files.ts";
import { parseReference, printReference } from "./image/reference.ts";
import type { Reference } from "./image/reference.ts";
import type { Deployment } from "./manifest/deployment.ts";
import { parseManifest, renderDeployment } from "./manifest/deployment.ts";
import { createOutputFiles, workFault } from "./output/output-files.ts";
import type { OutputFiles } from "./output/output-files.ts";
import { outputPaths } from "./output/output-paths.ts";
import type { PackOptions, PackResult } from "./pack-options.ts";
import { packedImage, printRecord } from "./record/record.ts";
import { printSbom } from "./record/sbom.ts";
import { openSink } from "./output/sink.ts";
import type { Sink } from "./output/sink.ts";
import { checkUpdate } from "./update/max-update.ts";
import { makeWorkFolder } from "./leftovers.ts";

/** Of the index digest, in the image's name and the module's version. */
const VERSION_DIGITS = 12;

export async function pack(endpoint: ResolvedEndpoint, options: PackOptions): Promise<PackResult> {
  const { temporaryFolder } = options;
  const outputs = createOutputFiles();
  const sinks: Sink[] = [];
  let folder;
  try {
    folder = await makeWorkFolder(temporaryFolder);
    return await build(endpoint, options, { folder, outputs, sinks });
  } catch (error) {
    // Programs that a signal ended fail in words of their own.
    options.signal?.throwIfAborted();
    // What is not there was to be read.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
    throw workFault(error, options);
  } finally {
    await outputs.discard();
    for (const sink of sinks) await sink.discard();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

type Work = {
  /** For what is unpacked on the way. */
  readonly folder: string;
  readonly outputs: OutputFiles;
  /** Those that were opened. */
  readonly sinks: Sink[];
};

async function build(
  endpoint: ResolvedEndpoint,
  options: PackOptions,
  { folder, outputs, sinks }: Work,
): Promise<PackResult> {
  const { packageRoot, progress, deviceEnv: env = {} } = options;
  const referenceOf = (version: string): Reference =>
    parseReference(options.tag ?? endpoint.name.toLowerCase(), version);
  const { lock: lockFile, ...files } = outputPaths(endpoint, options);
  const { kubernetes, slurm } = files;
  for (const path of [files.manifest, files.record, files.sbom, kubernetes, slurm]) {
    if (path !== undefined) await outputs.claim(path);
  }
  const template = await readData(packageRoot, "module-template/create-options.json");
  const manifestBase = await readData(packageRoot, "deployment-manifests/base.json");
  const manifestOf = (version: string): Deployment => {
    const image = printReference(referenceOf(version));
    return renderDeployment(endpoint, { image, version, template, env }, manifestBase);
  };
  // Once before the long work: what is wrong with a manifest does not depend on the image's bytes.
  const { problems: faults } = manifestOf("0".repeat(VERSION_DIGITS));
  if (hasErrors(faults)) throw new UserError(faults);
  const sink = await openSink(options, { path: files.image, outputs });
  sinks.push(sink);
  let lock: string | undefined;
  const { index, base, versions, created, blobs } = await assemble(endpoint, options, {
    folder,
    lockFile,
    onBase: async ({ newText }) => {
      if (newText === undefined) return;
      await outputs.write(lockFile, newText);
      lock = lockFile;
    },
  });
  const update = await checkUpdate(index, { ...options, record: files.record });
  const version = index.digest.slice("sha256:".length).slice(0, VERSION_DIGITS);
  const reference = referenceOf(version);
  const name = printReference(reference);
  const manifest = manifestOf(version);
  const facts = { name, endpoint: endpoint.name, base: base.title, created, ...versions };
  await outputs.write(files.manifest, manifest.text);
  await outputs.write(files.record, printRecord({ ...facts, index }));
  const { platforms, jobs } = options;
  if (jobs !== undefined) {
    const texts = renderJobFiles(endpoint, { ...jobs, image: name });
    if (kubernetes !== undefined) await outputs.write(kubernetes, texts.kubernetes);
    if (slurm !== undefined) await outputs.write(slurm, texts.slurm);
  }
  const contents = { name, index: index.digest, created, platforms, lock: base.lock, endpoint };
  await outputs.write(files.sbom, await printSbom({ ...contents, packageRoot }));
  progress(
    files.image === undefined ? `loading ${name} into the engine` : `writing ${files.image}`,
  );
  await sink.write({ index, reference, host: options.hostPlatform, blobs });
  options.signal?.throwIfAborted();
  await outputs.commit();
  await sink.commit();

  return {
    name,
    index: { digest: index.digest },
    images: index.images.map(packedImage),
    files: { ...files, ...(lock !== undefined && { lock }) },
    problems: [...base.problems, ...update],
  };
}

async function readData(
  packageRoot: string,
  path: string,
): Promise<ReturnType<typeof parseManifest>> {
  return parseManifest(await readFile(join(packageRoot, path), "utf8"), path);
}

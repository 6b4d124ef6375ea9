/**
 * What of a model is served and shipped? A prepared copy, made once and kept by digest, where its
 * answers are the original's; else the original.
 */

import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import type { Problem } from "../../core/problem.ts";
import { sha256OfFile } from "../file-digest.ts";
import { inspectLifted, probeModel, readModel } from "../inspect.ts";
import type { Inspection, ReadModel } from "../inspect.ts";
import { MOST_DIFFERENCE } from "./compare.ts";
import { keepCopy, readKeptCopy } from "./kept-copy.ts";
import { GRAPH_FILE, renderExternal, renderInline } from "./render.ts";
import type { RenderedFile, RenderedModel } from "./render.ts";
import type { ModelFile } from "./shipped.ts";
import { spanChunks, spanLength } from "./bytes/span.ts";
import { trimModel } from "./trim.ts";
import type { Trimmed, TrimGains } from "./trim.ts";

export type WeightsMode = "external" | "inline";

export type PrepareOptions = {
  readonly weights: WeightsMode;
  /** Of this user; prepared copies are kept in it. */
  readonly cacheFolder: string;
};

export type Preparation = TrimGains & {
  readonly graph: ModelFile;
  /** Bottom to top: what changes most often is the last. */
  readonly weights: readonly ModelFile[];
  /** Inputs that both models answered. */
  readonly samples: number;
  /** The largest one, as a share of the largest number; 0: every bit is the same. */
  readonly difference: number;
  readonly loadMs: number;
  readonly runMs?: number;
  readonly memoryBytes: number;
};

export type PreparedModel = {
  readonly inspection?: Inspection;
  /** Absent where the original is what is served and shipped. */
  readonly preparation?: Preparation;
  readonly problems: readonly Problem[];
};

/** Of what this file and its siblings make: another number, other copies. */
const RECIPE = 4;
const MOST_INLINE_BYTES = 2 ** 31 - 1;

export async function prepareModel(path: string, options: PrepareOptions): Promise<PreparedModel> {
  const read = await readModel(path);
  if ("problem" in read) return { problems: [read.problem] };
  const folder = join(options.cacheFolder, "models", await keyOf(read, options));
  const known = await readKeptCopy(folder, { path, sha256: read.sha256 });
  if (known !== undefined) return known;
  const draft = join(options.cacheFolder, "models", `.${randomUUID()}.part`);
  try {
    await mkdir(draft, { recursive: true });
    const made = await makePrepared(read, { options, draft, folder });
    if (made.inspection?.loadMs !== undefined) await keepCopy(made, draft, folder);
    return made;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!NO_ROOM.has(code)) throw error;
    const inspected = await inspectLifted(read, {});
    const note = keptNote(path, `a copy cannot be written to ${options.cacheFolder} (${code})`);
    return { ...inspected, problems: [...inspected.problems, note] };
  } finally {
    // Where it could not even be made there is nothing to remove.
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Where the system gives no place for a copy, the original does as well. */
const NO_ROOM = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR"]);

/** A digest over everything that decides the copy: the model's files, the way, and the library. */
async function keyOf({ model, sha256 }: ReadModel, { weights }: PrepareOptions): Promise<string> {
  const hash = createHash("sha256").update(`${RECIPE}\n${weights}\n${process.arch}\n${sha256}\n`);
  for (const file of new Set(model.initializers.map(({ externalFile }) => externalFile)))
    if (file !== undefined) hash.update(`${await sha256OfFile(file)}\n`);
  return hash.digest("hex");
}

type Making = {
  readonly options: PrepareOptions;
  /** Where the files are made, and where they stand when they are. */
  readonly draft: string;
  readonly folder: string;
};

async function makePrepared(
  read: ReadModel,
  { options, draft, folder }: Making,
): Promise<PreparedModel> {
  const answers = join(draft, "answers");
  const inspected = await inspectLifted(read, { record: answers });
  const { inspection, problems } = inspected;
  if (inspection?.loadMs === undefined) return inspected;
  const kept = (reason: string): PreparedModel => ({
    ...inspected,
    problems: [...problems, keptNote(read.model.path, reason)],
  });
  const trimmed = trimModel(read.model);
  if ("reason" in trimmed) return kept(trimmed.reason);
  const { model, gains } = trimmed;
  if (!isWorthIt(trimmed)) return inspected;
  const rendered = options.weights === "inline" ? renderInline(model) : renderExternal(model);
  const graphBytes = rendered.graph.spans.reduce((sum, span) => sum + spanLength(span), 0);
  if (graphBytes > MOST_INLINE_BYTES)
    return kept(`with its weights inside it would have ${graphBytes} bytes`);
  const files = await writeModel(rendered, draft);
  const graph = join(draft, GRAPH_FILE);
  const probed = await probeModel(graph, { signature: inspection.signature, compare: answers });
  await rm(answers, { force: true });
  if (!probed.ok) return kept(`ONNX Runtime refuses the prepared copy: ${probed.reason}`);
  const { comparison, loadMs, runMs, memoryBytes } = probed;
  const { samples = 0, difference = null } = comparison ?? {};
  if (samples === 0) return kept("it answers none of the generated inputs, so nothing is proven");
  if (difference === null || difference > MOST_DIFFERENCE)
    return kept(`a prepared copy answers differently (by ${difference ?? "more than roundings"})`);
  const [first, ...weights] = files.map(({ name, bytes, sha256 }): ModelFile => ({
    name,
    bytes,
    sha256,
    path: join(folder, name),
  }));
  if (first === undefined) throw new Error("a model without a graph");
  const measured = {
    samples,
    difference,
    loadMs,
    memoryBytes,
    ...(runMs !== undefined && { runMs }),
  };
  return { ...inspected, preparation: { ...gains, graph: first, weights, ...measured } };
}

/** Whether there is anything to gain, or to cut out of the graph. */
function isWorthIt({ gains, model }: Trimmed): boolean {
  const { freedConstants, unusedConstants, documentationBytes } = gains;
  return (
    freedConstants + unusedConstants + documentationBytes > 0 ||
    model.initializers.some(({ content }) => "data" in content)
  );
}

/** The graph's file first. */
async function writeModel(
  { graph, weights }: RenderedModel,
  folder: string,
): Promise<readonly ModelFile[]> {
  const files: ModelFile[] = [];
  for (const file of [graph, ...weights]) files.push(await writeFileOf(file, folder));
  return files;
}

async function writeFileOf({ name, spans }: RenderedFile, folder: string): Promise<ModelFile> {
  const path = join(folder, name);
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of spanChunks(spans)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await pipeline(counted, createWriteStream(path));
  return { path, name, bytes, sha256: hash.digest("hex") };
}

function keptNote(path: string, reason: string): Problem {
  return {
    code: "MODEL_KEPT",
    severity: "note",
    message: `${path} is used as it is: ${reason}`,
  };
}

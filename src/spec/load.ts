/**
 * How does a spec that somebody wrote become a resolved endpoint? The story of this room:
 * text → tree → canonical form → shape → rules → references → defaults. Each stage collects all its
 * problems; the next one runs only if there was no error among them.
 */

import type { Place, Problem, Read } from "../core/problem.ts";
import { hasErrors } from "../core/problem.ts";
import type { Device } from "./capacity/device.ts";
import { canonicalEndpoint } from "./dialects/endpoint.ts";
import { theEndpoint } from "./dialects/form.ts";
import type { EndpointSpec } from "./endpoint.ts";
import { readSpecText, specFiles } from "./text/file.ts";
import { inOrder } from "./order.ts";
import { placesOf } from "./text/places.ts";
import type { Path, Places } from "./text/places.ts";
import { lookUpReferences } from "./references/deployment.ts";
import type { References } from "./references/deployment.ts";
import type { LookupContext } from "./references/lookup.ts";
import { deviceOfSpec, resolveEndpoint } from "./resolve.ts";
import type { ResolvedEndpoint } from "./resolved.ts";
import { checkRules } from "./rules.ts";
import { checkShape } from "./shape.ts";
import { parseSpecText } from "./text/source.ts";
import type { Node } from "./text/tree.ts";

export type LoadedSpec = {
  /** Before it was fitted to a device. */
  readonly endpoint: ResolvedEndpoint;
  /** Nearest place of a path of the canonical form, e.g. `["deployments", "blue", "model"]`. */
  readonly placeOf: (path: Path) => Place;
  /** What `edge.device` says. */
  readonly device?: Device;
};

/** @param paths files or folders, as on the command line: relative to `cwd` */
export async function loadSpec(
  paths: readonly string[],
  context: LookupContext,
): Promise<Read<LoadedSpec>> {
  const read = await throughTheStages(paths, context);
  return { ...read, problems: inOrder(read.problems) };
}

async function throughTheStages(
  paths: readonly string[],
  context: LookupContext,
): Promise<Read<LoadedSpec>> {
  const documents = await readDocuments(paths, context.cwd);
  if (!documents.ok) return documents;
  const chosen = theEndpoint(documents.value);
  if (!chosen.ok) return chosen;

  const problems: Problem[] = [];
  const root = canonicalEndpoint(chosen.value, (problem) => problems.push(problem));
  const places = placesOf(root, chosen.value.entries[0]?.at ?? chosen.value.at);
  if (hasErrors(problems)) return { ok: false, problems };

  const shape = checkShape(root, places);
  problems.push(...shape.problems);
  if (!shape.ok) return { ok: false, problems };
  const spec = shape.value;

  problems.push(...checkRules(spec, places));
  if (hasErrors(problems)) return { ok: false, problems };

  const found = await lookUpAll(spec, places, context);
  problems.push(...found.problems);
  if (hasErrors(problems)) return { ok: false, problems };

  const endpoint = resolveEndpoint(spec, found.references);
  const device = deviceOfSpec(spec);
  const loaded = { endpoint, placeOf: places.value, ...(device === undefined ? {} : { device }) };
  return { ok: true, value: loaded, problems };
}

/** Every document of every file; the faults of all files together. */
async function readDocuments(
  paths: readonly string[],
  cwd: string,
): Promise<Read<readonly Node[]>> {
  const files = await specFiles(paths, cwd);
  if (!files.ok) return files;
  const nodes: Node[] = [];
  const problems: Problem[] = [];
  for (const file of files.value) {
    const text = await readSpecText(file, cwd);
    const parsed = text.ok ? parseSpecText(text.value, file) : text;
    problems.push(...parsed.problems);
    if (parsed.ok) nodes.push(...parsed.value);
  }
  return hasErrors(problems) ? { ok: false, problems } : { ok: true, value: nodes, problems };
}

async function lookUpAll(
  spec: EndpointSpec,
  places: Places,
  context: LookupContext,
): Promise<{
  readonly references: ReadonlyMap<string, References>;
  readonly problems: readonly Problem[];
}> {
  const references = new Map<string, References>();
  const problems: Problem[] = [];
  for (const [name, deployment] of Object.entries(spec.deployments)) {
    const found = await lookUpReferences({ name, spec: deployment }, places, context);
    references.set(name, found.references);
    problems.push(...found.problems);
  }
  return { references, problems };
}

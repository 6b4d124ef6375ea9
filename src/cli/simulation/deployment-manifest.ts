/**
 * A deployment manifest of anybody's, as far as a simulated device needs it: modules with their
 * createOptions, routes, times to live, desired properties. Every fault with its place, before anything
 * starts.
 *
 * @source SchemaStore/schemastore: azure-iot-edgeagent-deployment-1.1.json, azure-iot-edgehub-deployment-1.1.json; Azure/iotedge: JsonEx.cs (ChunkedProperty)
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { z } from "zod";

import { MODULE_NAME, moduleNameFault } from "../../core/module-name.ts";
import type { Place, Problem, Read } from "../../core/problem.ts";
import type { JsonObject } from "../../simulator/hub/merge-patch.ts";
import { twinFault } from "../../simulator/hub/twin-limits.ts";
import { placedIssue } from "../../simulator/placed-issue.ts";
import type { RouteSpec } from "../../simulator/routes/route-spec.ts";
import { readRoutes } from "../../simulator/routes/route-table.ts";
import { parseSpecText } from "../../spec/text/source.ts";
import { lineIndexOf } from "../../spec/text/lines.ts";
import { entryOf } from "../../spec/text/tree.ts";
import type { Node } from "../../spec/text/tree.ts";

export type DeviceManifest = {
  readonly modules: Readonly<Record<string, ManifestModule>>;
  readonly routes: Readonly<Record<string, RouteSpec>>;
  readonly timeToLiveSecs: number;
  readonly desired: (module: string) => JsonObject;
};

export type ManifestModule = {
  readonly image: string;
  readonly createOptions: CreateOptions;
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly restart: "always" | "never";
  /** A stopped one has an identity, and does not run. */
  readonly running: boolean;
};

const ENV_NAME = /^[^+#$\s.=]+$/;
const texts = z.array(z.string());
const createOptions = z.looseObject({
  Env: texts.optional(),
  Labels: z.record(z.string(), z.string()).optional(),
  HostConfig: z
    .looseObject({
      Binds: texts.optional(),
      ExtraHosts: texts.optional(),
      Mounts: z
        .array(z.looseObject({ Type: z.string().optional(), Source: z.string().optional() }))
        .optional(),
    })
    .optional(),
});
export type CreateOptions = z.output<typeof createOptions>;

const CREATE_OPTIONS = /^createoptions(?<number>\d*)$/i;

/** The pieces in the order of their keys, as edgeAgent joins them. */
const settings = z
  .looseObject({ image: z.string().min(1, "expected the name of an image") })
  .transform((found, context) => {
    const fault = (key: string, message: string) => {
      context.addIssue({ code: "custom", path: [key], message });
      return z.NEVER;
    };
    const keys = Object.keys(found)
      .filter((key) => CREATE_OPTIONS.test(key))
      .toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    const pieces: string[] = [];
    for (const [index, key] of keys.entries()) {
      const piece = found[key];
      if (typeof piece !== "string") return fault(key, "expected JSON written as a text");
      const number = CREATE_OPTIONS.exec(key)?.groups?.["number"];
      if (number === "" ? index > 0 : Number(number) !== index || index === 0) {
        return fault(
          key,
          "is out of order: createOptions, createOptions01, createOptions02 follow each other",
        );
      }
      pieces.push(piece);
    }
    const [first = "createOptions"] = keys;
    const options = parseCreateOptions(pieces.join(""));
    return typeof options === "string"
      ? fault(first, options)
      : { image: found.image, createOptions: options };
  });

/** What is wrong with them, where they are not what an engine takes. */
function parseCreateOptions(text: string): CreateOptions | string {
  if (text.trim() === "") return {};
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return `hold no JSON: ${(error as Error).message}`;
  }
  const parsed = createOptions.safeParse(document ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  return `hold JSON in which ${path || "the whole"} has the wrong type`;
}

const entry = z.looseObject({
  type: z.literal("docker").optional(),
  status: z.enum(["running", "stopped"]).optional(),
  restartPolicy: z.enum(["never", "on-failure", "on-unhealthy", "always"]).optional(),
  env: z
    .record(
      z.string().regex(ENV_NAME, "the name of a variable has no +, #, $, =, full stop or space"),
      z.looseObject({
        value: z.union(
          [z.string(), z.number(), z.boolean()],
          "expected a text, a number, true or false",
        ),
      }),
    )
    .optional(),
  settings,
});

const moduleName = z.string().regex(MODULE_NAME, {
  error: ({ input }) => `the name of a module ${moduleNameFault(String(input))}`,
});
const agent = z.looseObject({ modules: z.record(moduleName, entry) });
const NO_SECONDS = "expected a whole number of seconds";
const hub = z.looseObject({
  routes: z.record(z.string(), z.unknown()).optional(),
  storeAndForwardConfiguration: z
    .looseObject({ timeToLiveSecs: z.int(NO_SECONDS).optional() })
    .optional(),
});

const PROPERTIES = "properties.desired";
const content = z.looseObject({
  $edgeAgent: z.looseObject({ [PROPERTIES]: agent }),
  $edgeHub: z.looseObject({ [PROPERTIES]: hub }).optional(),
});
const twins = z.record(
  z.string(),
  z.looseObject({ [PROPERTIES]: z.record(z.string(), z.json()).optional() }),
);
const HINT = "Write it as az iot edge set-modules takes it; build writes such a file.";

/** In the form of `az iot edge set-modules`. */
export function readManifest(file: string, cwd: string): Read<DeviceManifest> {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, file), "utf8");
  } catch (error) {
    return refused(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const offset = /at position (?<offset>\d+)/.exec(message)?.groups?.["offset"];
    const at = lineIndexOf(text, file).placeOf(Number(offset ?? text.length), "");
    return refused(`${file} is no JSON: ${message}`, at);
  }
  // JSON is YAML too: read so, every value knows its place.
  const read = parseSpecText(text, file);
  if (!read.ok) return read;
  const [root] = read.value;
  const wrapped = entryOf(root, "content")?.node;
  const outer = wrapped === undefined ? root : wrapped;
  const node = entryOf(outer, "modulesContent")?.node;
  if (node === undefined) return refused(`${file} has no modulesContent`, root?.at);
  const before = wrapped === undefined ? ["modulesContent"] : ["content", "modulesContent"];
  return readContent(contentOf(JSON.parse(text)), node, before);
}

function refused(message: string, at?: Place): Read<never> {
  const problem = { code: "SIM_MODULE", severity: "error", message, hint: HINT } as const;
  return { ok: false, problems: [{ ...problem, ...(at && { at }) }] };
}

const whole = z.looseObject({
  modulesContent: z.unknown(),
  content: z.looseObject({ modulesContent: z.unknown() }).optional(),
});

function contentOf(document: unknown): unknown {
  const parsed = whole.safeParse(document);
  return parsed.data?.content?.modulesContent ?? parsed.data?.modulesContent;
}

function readContent(
  document: unknown,
  node: Node,
  before: readonly string[],
): Read<DeviceManifest> {
  const parsed = content.safeParse(document);
  const desired = twins.safeParse(document);
  if (!parsed.success || !desired.success) {
    const { issues } = parsed.error ?? desired.error ?? { issues: [] };
    const context = { code: "SIM_MODULE", hint: HINT, whole: "the manifest", before } as const;
    return { ok: false, problems: issues.map((issue) => placedIssue(issue, node, context)) };
  }
  const { modules } = parsed.data.$edgeAgent[PROPERTIES];
  const { routes = {}, storeAndForwardConfiguration } = parsed.data.$edgeHub?.[PROPERTIES] ?? {};
  const desiredOf = (name: string): JsonObject => desired.data[name]?.[PROPERTIES] ?? {};
  const problems = [
    ...routeProblems(routes, node),
    ...Object.keys(modules).flatMap((name) => twinProblems(name, desiredOf(name), node)),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const value = {
    modules: Object.fromEntries(
      Object.entries(modules).map(([name, found]) => [name, moduleOf(found)]),
    ),
    routes: routes as Readonly<Record<string, RouteSpec>>,
    timeToLiveSecs: storeAndForwardConfiguration?.timeToLiveSecs ?? DEFAULT_TTL_SECS,
    desired: desiredOf,
  };
  return { ok: true, value, problems };
}

/** Templates of deployment manifests have it. */
const DEFAULT_TTL_SECS = 7200;

function moduleOf({
  settings: given,
  env = {},
  status,
  restartPolicy,
}: z.output<typeof entry>): ManifestModule {
  return {
    ...given,
    env: Object.entries(env).map(([name, { value }]) => `${name}=${value}`),
    restart: restartPolicy === "never" ? "never" : "always",
    running: status !== "stopped",
  };
}

function routeProblems(routes: Readonly<Record<string, unknown>>, node: Node): readonly Problem[] {
  const at = nodeAt(node, ["$edgeHub", PROPERTIES, "routes"]);
  return Object.entries(routes).flatMap(([name, route]) =>
    readRoutes({ [name]: route as RouteSpec }).problems.map((problem) => ({
      ...problem,
      at: entryOf(at, name)?.node.at ?? node.at,
    })),
  );
}

function twinProblems(name: string, desired: JsonObject, node: Node): readonly Problem[] {
  const fault = twinFault(desired);
  if (fault === undefined) return [];
  const at = nodeAt(node, [name, PROPERTIES])?.at ?? node.at;
  const hint = "Keep to what a twin of IoT Hub may have.";
  return [
    { code: "SIM_TWIN", severity: "error", message: `the twin of '${name}': ${fault}`, at, hint },
  ];
}

function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const key of path) node = entryOf(node, key)?.node;
  return node;
}

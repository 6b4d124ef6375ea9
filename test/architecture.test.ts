import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { suite, test } from "node:test";

import { REPOSITORY } from "./support/repository.ts";

const SRC = join(REPOSITORY, "src");

/** Which room may import which; a path with a file name opens that file alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  spec: ["core"],
  model: ["core"],
  credentials: ["core", "spec/resolved.ts"],
  packager: ["core", "spec", "model"],
  journal: ["core"],
  runtime: ["core", "model", "journal", "spec/resolved.ts"],
  simulator: ["core", "spec", "journal"],
  cli: [
    "core",
    "spec",
    "model",
    "credentials",
    "packager",
    "simulator",
    "runtime/serve.ts",
    "runtime/settings.ts",
    "runtime/edge/twin/twin-schema.ts",
    "runtime/local.ts",
    "runtime/fronts/listen.ts",
    "runtime/engine/placement.ts",
    "runtime/engine/profile.ts",
    "runtime/engine/instances/remote-instance.ts",
    "runtime/batch",
  ],
};

/** Inside the runtime the story introduces the siblings; they do not know each other. */
const RUNTIME_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  routing: [],
  engine: ["wire"],
  scripts: ["wire"],
  batch: ["wire", "scripts", "engine/profile.ts", "limits.ts"],
  edge: [],
  auth: [],
  metrics: ["limits.ts"],
  log: [],
  fronts: ["wire", "metrics"],
  // One deployment as it is served: where a story is told, the siblings are introduced.
  deployments: [
    "engine",
    "scripts",
    "routing",
    "wire",
    "metrics",
    "fronts",
    "limits.ts",
    "version.ts",
  ],
};

/** Inside the edge front, whose root introduces its rooms. */
const EDGE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  hub: [],
  outbox: ["hub"],
  messages: ["hub", "outbox"],
  twin: ["hub", "outbox"],
};

/** A heavy package is imported in one file. */
const PACKAGE_HOME: Readonly<Record<string, string>> = {
  "onnxruntime-node": "model/onnxruntime.ts",
  pino: "runtime/log/log.ts",
  yaml: "spec/text/source.ts",
  dockerode: "packager/engine/engine.ts",
  "tar-stream": "packager/unpack.ts",
  "azure-iot-device": "runtime/edge/hub/client.ts",
  "azure-iot-device-mqtt": "runtime/edge/hub/client.ts",
  aedes: "simulator/broker/broker.ts",
  selfsigned: "simulator/broker/certificates.ts",
};

/** What reaches out of the process, and the files that may. */
const OUTSIDE: readonly (readonly [RegExp, readonly string[]])[] = [
  // onnxruntime.ts: its telemetry is switched off through the environment, before it loads.
  [/process\.env\b/, ["cli/main.ts", "runtime/main.ts", "model/onnxruntime.ts"]],
  [
    /process\.exit(Code)?\b/,
    [
      "cli/main.ts",
      "cli/first-signal.ts",
      "runtime/main.ts",
      "runtime/leave.ts",
      "runtime/engine/instances/process.ts",
      "runtime/local.ts",
      "runtime/job-process.ts",
    ],
  ],
  [/\bconsole\./, []],
  [/\bMath\.random\b/, []],
  [
    /\bDate\.now\b|\bnew Date\(/,
    [
      "runtime/main.ts",
      "runtime/log/log.ts",
      // The time of a line within a line of the log, as the reference server writes it.
      "runtime/scripts/exchange/request-line.ts",
      "runtime/local.ts",
      "runtime/job-process.ts",
      // A given moment as text.
      "runtime/batch/desk/view.ts",
      "cli/commands/batch.ts",
      "cli/batch/verbs.ts",
      "cli/given/credentials.ts",
      "cli/commands/simulate.ts",
      "simulator/broker/certificates.ts",
      "simulator/hub/message.ts",
    ],
  ],
];

type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

function sourcesUnder(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourcesUnder(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

const sources: readonly Source[] = sourcesUnder(SRC).map((path) => {
  const text = readFileSync(path, "utf8");
  const imports = [...text.matchAll(/(?:^import|\bfrom|\bimport\() ?"([^"]+)"/gm)].map(
    ([, name = ""]) => (name.startsWith(".") ? relative(SRC, join(dirname(path), name)) : name),
  );
  return { path: relative(SRC, path), text, imports };
});

const isOurs = (name: string): boolean => name.endsWith(".ts");
const roomOf = (path: string): string => path.split("/")[0] ?? "";
const allowed = (target: string, rooms: readonly string[]): boolean =>
  rooms.some((room) => target === room || target.startsWith(`${room}/`));

suite("architecture", () => {
  test("there are sources to look at", () => assert.ok(sources.length > 30));

  test("a room imports only the rooms below it", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((target) => isOurs(target) && roomOf(target) !== roomOf(path))
        .filter((target) => !allowed(target, MAY_IMPORT[roomOf(path)] ?? []))
        .map((target) => `${path} may not import ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test("siblings in the runtime do not know each other", () => {
    const wrong = sources
      .filter(({ path }) => path.split("/").length >= 3 && roomOf(path) === "runtime")
      .flatMap(({ path, imports }) => {
        const room = path.split("/")[1] ?? "";
        const rooms = [room, ...(RUNTIME_MAY_IMPORT[room] ?? [])].map((name) => `runtime/${name}`);
        return imports
          .filter(
            (target) => isOurs(target) && roomOf(target) === "runtime" && !allowed(target, rooms),
          )
          .map((target) => `${path} may not import ${target}`);
      });
    assert.deepEqual(wrong, []);
  });

  test("rooms of the edge front import only those below them", () => {
    const edge = sources.filter(({ path }) => path.startsWith("runtime/edge/"));
    const inRooms = edge.filter(({ path }) => path.split("/").length > 3);
    assert.ok(inRooms.length > 20);
    const wrong = inRooms.flatMap(({ path, imports }) => {
      const room = path.split("/")[2] ?? "";
      const rooms = [room, ...(EDGE_MAY_IMPORT[room] ?? [])].map((name) => `runtime/edge/${name}`);
      return imports
        .filter((target) => target.startsWith("runtime/edge/") && !allowed(target, rooms))
        .map((target) => `${path} may not import ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  test("the device never gets the packager, the command line or their packages", () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const target of byPath.get(path)?.imports ?? []) visit(target);
    };
    visit("runtime/main.ts");
    visit("runtime/local.ts");
    visit("runtime/engine/instances/worker.ts");
    visit("runtime/engine/instances/process.ts");
    visit("runtime/batch/workers/model-thread.ts");
    visit("runtime/job-process.ts");
    const foreign = [...reached].filter((name) =>
      isOurs(name)
        ? ["packager", "cli", "simulator", "credentials"].includes(roomOf(name))
        : !/^(node:|onnxruntime-node\/|pino$|azure-iot-device(-mqtt)?$)/.test(name),
    );
    assert.deepEqual(foreign, []);
    assert.ok(reached.has("runtime/serve.ts"));
  });

  test("a heavy package is imported in its one file", () => {
    for (const [name, home] of Object.entries(PACKAGE_HOME)) {
      const importers = sources
        .filter(({ imports }) => imports.some((target) => target.split("/")[0] === name))
        .map(({ path }) => path);
      assert.deepEqual(importers, [home], name);
    }
  });

  test("the environment, the exit, the clock and the console are touched where they may be", () => {
    const wrong = sources.flatMap(({ path, text }) =>
      OUTSIDE.filter(([pattern, files]) => pattern.test(text) && !files.includes(path)).map(
        ([pattern]) => `${path} holds ${pattern.source}`,
      ),
    );
    assert.deepEqual(wrong, []);
  });

  test("no file outgrows its idea, and no folder is a drawer", () => {
    for (const { path, text } of sources) {
      assert.ok(text.split("\n").length <= 400, `${path} has more than 400 lines`);
      assert.doesNotMatch(
        path,
        /(^|\/)(utils?|helpers?|common|misc|shared|types|constants|index)(\.ts|\/)/,
      );
      assert.match(text, /^\/\*\*|^#!/, `${path} does not say what it answers`);
    }
  });
});

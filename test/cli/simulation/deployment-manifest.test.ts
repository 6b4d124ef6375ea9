import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { readManifest } from "../../../src/cli/simulation/deployment-manifest.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { tempFolder } from "../../support/temp-folder.ts";

type Parts = {
  readonly modules?: object;
  readonly hub?: object;
  readonly twins?: object;
};

const MODULE = {
  type: "docker",
  status: "running",
  restartPolicy: "always",
  settings: { image: "m:1" },
};

function manifest({ modules = { m: MODULE }, hub = {}, twins = {} }: Parts): string {
  const modulesContent = {
    $edgeAgent: { "properties.desired": { schemaVersion: "1.1", modules } },
    $edgeHub: { "properties.desired": { schemaVersion: "1.1", routes: {}, ...hub } },
    ...twins,
  };
  return JSON.stringify({ modulesContent }, undefined, 1);
}

function read(context: TestContext, text: string) {
  const folder = tempFolder(context);
  writeFileSync(join(folder, "d.json"), text);
  return readManifest("d.json", folder);
}

const withSettings = (settings: unknown): string =>
  manifest({ modules: { m: { ...MODULE, settings } } });
const withOptions = (createOptions: unknown): string =>
  withSettings({ image: "m:1", createOptions });

suite("a deployment manifest", () => {
  test("of others is read as edgeAgent and edgeHub read it", (context) => {
    const { ok, ...rest } = read(
      context,
      manifest({
        modules: {
          m: {
            ...MODULE,
            env: { A: { value: "x" }, N: { value: 1 }, T: { value: true } },
            settings: {
              image: "m:1",
              createOptions: '{"HostConfig":{"Bin',
              createOptions01: 'ds":["v:/data"]}}',
            },
          },
          off: { ...MODULE, status: "stopped", restartPolicy: "never", version: "1.0" },
        },
        hub: {
          routes: {
            r: "FROM /* INTO $upstream",
            p: { route: "FROM /* INTO $upstream", priority: 1 },
          },
          storeAndForwardConfiguration: { timeToLiveSecs: 60 },
        },
        twins: { m: { "properties.desired": { a: 1 } } },
      }),
    );
    assert.ok(ok, JSON.stringify(rest));
    const { value } = rest as { value: ReturnType<typeof JSON.parse> };
    assert.deepEqual(value.modules.m, {
      image: "m:1",
      createOptions: { HostConfig: { Binds: ["v:/data"] } },
      env: ["A=x", "N=1", "T=true"],
      restart: "always",
      running: true,
    });
    assert.deepEqual([value.modules.off.running, value.modules.off.restart], [false, "never"]);
    assert.deepEqual([value.timeToLiveSecs, value.desired("m")], [60, { a: 1 }]);
    assert.deepEqual(Object.keys(value.routes), ["r", "p"]);
  });

  const agent = "modulesContent.$edgeAgent.properties.desired.modules";
  for (const [what, text, message] of [
    [
      "a module that is null",
      manifest({ modules: { m: null } }),
      `${agent}.m is null, must be a mapping`,
    ],
    [
      "no settings",
      manifest({ modules: { m: { type: "docker" } } }),
      `${agent}.m.settings is absent`,
    ],
    ["no image", withSettings({}), `${agent}.m.settings.image is absent`],
    [
      "a variable that is null",
      manifest({ modules: { m: { ...MODULE, env: { A: null } } } }),
      `${agent}.m.env.A is null, must be a mapping`,
    ],
    [
      "a variable without its value",
      manifest({ modules: { m: { ...MODULE, env: { A: "x" } } } }),
      `${agent}.m.env.A is "x", must be a mapping`,
    ],
    [
      "a status of its own",
      manifest({ modules: { m: { ...MODULE, status: "idle" } } }),
      `${agent}.m.status is "idle", must be running or stopped`,
    ],
    [
      "a module's name with a slash",
      manifest({ modules: { "../m": MODULE } }),
      "the name of a module is '../m', must be",
    ],
    [
      "createOptions as an object",
      withOptions({ HostConfig: {} }),
      `${agent}.m.settings.createOptions is {"HostConfig":{}}, must be JSON written as a text`,
    ],
    [
      "createOptions that are no JSON",
      withOptions("{"),
      `${agent}.m.settings.createOptions hold no JSON`,
    ],
    [
      "Binds that are no list",
      withOptions('{"HostConfig":{"Binds":"v:/d"}}'),
      `${agent}.m.settings.createOptions hold JSON in which HostConfig.Binds has the wrong type`,
    ],
    [
      "a gap in the pieces",
      withSettings({ image: "m:1", createOptions: "{", createOptions02: "}" }),
      `${agent}.m.settings.createOptions02 is out of order`,
    ],
    [
      "routes that are a number",
      manifest({ hub: { routes: 5 } }),
      "modulesContent.$edgeHub.properties.desired.routes is 5, must be a mapping",
    ],
    ["a wrong route", manifest({ hub: { routes: { r: "nonsense" } } }), "route 'r': "],
    [
      "a time to live that is a text",
      manifest({ hub: { storeAndForwardConfiguration: { timeToLiveSecs: "x" } } }),
      'timeToLiveSecs is "x", must be a whole number of seconds',
    ],
    [
      "desired properties that are a number",
      manifest({ twins: { m: { "properties.desired": 5 } } }),
      "modulesContent.m.properties.desired is 5, must be a mapping",
    ],
    [
      "a twin that no hub takes",
      manifest({ twins: { m: { "properties.desired": { "a.b": 1 } } } }),
      "the twin of 'm': 'a.b' is no allowed key",
    ],
    ["no $edgeAgent", '{"modulesContent":\n{}}', "modulesContent.$edgeAgent is absent"],
    ["no content", '{\n"modulesContent": 5}', "modulesContent is 5, must be a mapping"],
    ["no JSON", '{\n"modulesContent": {,}}', "d.json is no JSON"],
  ] as const) {
    test(`with ${what} is refused at its place, with a hint`, (context) => {
      const { ok, problems } = read(context, text);
      assert.equal(ok, false);
      const [problem] = problems;
      assert.ok(problem?.message.includes(message) === true, problem?.message);
      assert.ok((problem.at?.line ?? 0) > 1, JSON.stringify(problem.at));
      assert.ok((problem.hint ?? "") !== "");
    });
  }

  const engine = spawnSync("docker", ["version"], { encoding: "utf8" }).status === 0;
  const skip = !engine && "no Docker engine answers here";

  test(
    "with images that the engine lacks is refused whole, stopped modules aside",
    { skip },
    async (context) => {
      const file = join(tempFolder(context), "d.json");
      const settings = (name: string) => ({ image: `edgewright-test-nowhere/${name}:1` });
      const modules = {
        a: { ...MODULE, settings: settings("a") },
        b: { ...MODULE, settings: settings("b") },
        off: { ...MODULE, status: "stopped", settings: settings("off") },
      };
      writeFileSync(file, manifest({ modules }));
      const { code, document } = await edgewrightJson(["simulate", file]);
      assert.equal(code, 1);
      assert.deepEqual(
        document.problems.map(({ code: of, hint }) => [of, hint]),
        ["a", "b"].map((name) => [
          "SIM_MODULE",
          `Pull it first: docker pull edgewright-test-nowhere/${name}:1.`,
        ]),
      );
    },
  );
});

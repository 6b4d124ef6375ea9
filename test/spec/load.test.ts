import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";

import { loadSpec } from "../../src/spec/load.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { codes, load } from "./loading.ts";

suite("loadSpec", () => {
  test("the shortest spec gets every default, and a note about its traffic", async (t) => {
    const spec = "name: pump\ndeployments: {blue: {model: {path: net.onnx}}}\n";
    const { endpoint, problems, folder } = await load(t, spec);
    assert.deepEqual(codes(problems), ["note SPEC_NO_TRAFFIC"]);
    assert.deepEqual(endpoint, {
      format: 1,
      name: "pump",
      kind: "online",
      tags: {},
      authMode: "key",
      deployments: [
        {
          name: "blue",
          traffic: 100,
          instances: 1,
          scale: { type: "manual", minInstances: 1, maxInstances: 1 },
          cpus: null,
          memoryBytes: null,
          limitsFrom: "none",
          requestTimeoutMs: 5000,
          maxConcurrentRequestsPerInstance: 1,
          maxQueueWaitMs: 500,
          model: { name: "blue", version: "1", path: join(folder, "net.onnx") },
          environmentVariables: {},
        },
      ],
      module: {
        name: "pump",
        cpus: null,
        memoryBytes: null,
        platforms: ["linux/amd64", "linux/arm64"],
        ports: {},
        env: {},
        restartPolicy: "always",
        imagePullPolicy: "on-create",
        routes: {},
        inputs: ["amlInput"],
        outputs: ["amlOutput", "amlError"],
      },
    });
  });

  test("deployments as a list are the same as deployments as a mapping", async (t) => {
    const inMap =
      "name: pump\ntraffic: {Blue: 90, green: 10}\ndeployments:\n  blue: {model: 'azureml:net:1'}\n  green: {model: 'azureml:net:1'}\n";
    const inList =
      "name: pump\ntraffic: {Blue: 90, green: 10}\ndeployments:\n- name: blue\n  model: azureml:net:1\n- {name: green, model: 'azureml:net:1'}\n";
    const pick = async (spec: string) => {
      const { endpoint, problems } = await load(t, spec);
      assert.deepEqual(problems, []);
      return endpoint.deployments.map(({ name, traffic, model }) => [name, traffic, model?.name]);
    };
    const expected = [
      ["blue", 90, "net"],
      ["green", 10, "net"],
    ];
    assert.deepEqual(await pick(inMap), expected);
    assert.deepEqual(await pick(inList), expected);
  });

  test("several deployments without traffic are a warning: only the header reaches them", async (t) => {
    const spec =
      "name: pump\ndeployments:\n  blue: {model: 'azureml:net:1'}\n  green: {model: 'azureml:net:1'}\n";
    const { endpoint, problems } = await load(t, spec);
    assert.deepEqual(codes(problems), ["warning SPEC_NO_TRAFFIC"]);
    assert.deepEqual(
      endpoint.deployments.map(({ traffic }) => traffic),
      [0, 0],
    );
  });

  test("traffic that is 0 all over is allowed, with a warning", async (t) => {
    const spec = "name: pump\ntraffic: {blue: 0}\ndeployments: {blue: {model: 'azureml:net:1'}}\n";
    const { first, problems } = await load(t, spec);
    assert.deepEqual(codes(problems), ["warning SPEC_NO_TRAFFIC"]);
    assert.equal(first.traffic, 0);
  });

  test("mirrored traffic is resolved to the deployment's own name", async (t) => {
    const spec =
      "name: pump\ntraffic: {blue: 100}\nmirror_traffic: {GREEN: 20}\ndeployments:\n  blue: {model: 'azureml:net:1'}\n  green: {model: 'azureml:net:1'}\n";
    const { endpoint } = await load(t, spec);
    assert.deepEqual(endpoint.mirror, { deployment: "green", percent: 20 });
  });

  test("a deployment may be called what every JavaScript object has", async (t) => {
    const spec =
      "name: pump\ntraffic: {constructor: 100}\ndeployments: {constructor: {model: 'azureml:net:1'}}\n";
    const { first, problems } = await load(t, spec);
    assert.deepEqual([first.name, first.traffic, problems], ["constructor", 100, []]);
  });

  test("JSON is a spec too", async (t) => {
    const folder = tempFolder(t, {
      "net.onnx": "",
      "spec.json":
        '{\n\t"name": "pump",\n\t"deployments": {"blue": {"model": {"path": "net.onnx"}}}\n}\n',
    });
    const read = await loadSpec(["spec.json"], { cwd: folder, modelStore: folder });
    assert.ok(read.ok);
  });

  test("a folder is read by its endpoint.yml, and what it says is relative to that", async (t) => {
    const folder = tempFolder(t, {
      "pump/net.onnx": "",
      "pump/endpoint.yml": "name: pump\ndeployments: {blue: {model: {path: net.onnx}}}\n",
    });
    const read = await loadSpec(["pump"], { cwd: folder, modelStore: folder });
    assert.ok(read.ok);
    assert.equal(read.value.endpoint.deployments[0]?.model?.path, join(folder, "pump", "net.onnx"));
    assert.equal(
      read.value.placeOf(["deployments", "blue", "model"]).file,
      join("pump", "endpoint.yml"),
    );
  });

  test("placeOf gives the place of a value, else the nearest one around it", async (t) => {
    const spec =
      "name: pump\ndeployments:\n  blue:\n    sku: Standard_F2s_v2\n    model: azureml:net:1\n";
    const { loaded } = await load(t, spec);
    const place = (...path: readonly string[]): string => {
      const { line, col } = loaded.placeOf(path);
      return `${line}:${col}`;
    };
    assert.equal(place("deployments", "blue", "model"), "5:12");
    assert.equal(place("deployments", "blue", "model", "path"), "5:12");
    assert.equal(place("deployments", "blue", "instance_type"), "4:10");
    assert.equal(place("nothing"), "1:1");
  });

  test("references of all deployments are looked up before any fault is told", async (t) => {
    const folder = tempFolder(t, {
      "spec.yml":
        "name: pump\ntraffic: {blue: 100}\ndeployments:\n  blue: {model: 'azureml:a:1', environment: 'azureml:b:1', sku: nope}\n  green: {model: {path: c}}\n",
    });
    const read = await loadSpec(["spec.yml"], { cwd: folder, modelStore: folder });
    const errors = read.problems.filter(({ severity }) => severity === "error");
    assert.deepEqual(
      errors.map(({ code, at }) => `${at?.line} ${code}`),
      ["4 SPEC_REFERENCE", "4 SPEC_REFERENCE", "4 SPEC_UNKNOWN_SKU", "5 SPEC_REFERENCE"],
    );
  });

  test("900 unknown keys are told by the first ones and a number, in order", async (t) => {
    const keys = Array.from({ length: 900 }, (_, index) => `key${index}: 1\n`).join("");
    const folder = tempFolder(t, { "spec.yml": keys });
    const { problems } = await loadSpec(["spec.yml"], { cwd: folder, modelStore: folder });
    assert.ok(problems.length < 30);
    assert.ok(problems.some(({ message }) => message.includes("880 more")));
  });

  test("900 unknown deployments in traffic are told by a hundred problems", async (t) => {
    const shares = Array.from({ length: 900 }, (_, index) => `  dep${index}: 1\n`).join("");
    const spec = `name: pump\ntraffic:\n${shares}deployments: {blue: {model: {path: x}}}\n`;
    const folder = tempFolder(t, { "spec.yml": spec });
    const { problems } = await loadSpec(["spec.yml"], { cwd: folder, modelStore: folder });
    assert.equal(problems.length, 100);
    assert.match(problems.at(-1)?.message ?? "", /801 more problems/);
  });
});

suite("the edge block", () => {
  test("every key of it is in the resolved endpoint", async (t) => {
    const spec = `
name: Pump
deployments: {blue: {model: "azureml:net:1"}}
edge:
  module: pump-module
  platforms: [linux/arm64]
  device: {cpus: 2, memory: 2Gi, reserve: {cpus: 250m, memory: 0}}
  volume: {name: data, path: /data}
  ports: {8080: 5001}
  env: {LEVEL: 3, DEBUG: true, VERSION: 1.10}
  restart_policy: never
  startup_order: 3
  image_pull_policy: never
  registry: {address: registry.local, username_env: USER_NAME, password_env: PASSWORD}
  base: oci:base
  routes: {up: FROM /messages/* INTO $upstream}
  inputs: [readings]
  outputs: [scores, faults]
  outbox: {max_bytes: 64Mi, max_age_seconds: 3600}
  placement: worker
  status: pass-through
  cpu_period_ms: 10
`;
    const { endpoint, loaded } = await load(t, spec);
    assert.deepEqual(endpoint.module, {
      name: "pump-module",
      cpus: null,
      memoryBytes: null,
      platforms: ["linux/arm64"],
      ports: { "8080": 5001 },
      env: { LEVEL: "3", DEBUG: "true", VERSION: "1.10" },
      restartPolicy: "never",
      startupOrder: 3,
      imagePullPolicy: "never",
      cpuPeriodMs: 10,
      volume: { name: "data", path: "/data" },
      registry: {
        address: "registry.local",
        usernameEnv: "USER_NAME",
        passwordEnv: "PASSWORD",
      },
      base: "oci:base",
      routes: { up: "FROM /messages/* INTO $upstream" },
      inputs: ["readings"],
      outputs: ["scores", "faults"],
      outbox: { maxBytes: 64 * 2 ** 20, maxAgeSeconds: 3600 },
      placement: "worker",
      status: "pass-through",
    });
    assert.deepEqual(loaded.device, {
      cpus: 2,
      memoryBytes: 2 * 2 ** 30,
      reserve: { cpus: 0.25, memoryBytes: 0 },
    });
  });
});

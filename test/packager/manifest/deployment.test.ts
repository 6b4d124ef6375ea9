import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import ajvDraft04 from "ajv-draft-04";
import { hasErrors, UserError } from "../../../src/core/problem.ts";
import { parseManifest, renderDeployment } from "../../../src/packager/manifest/deployment.ts";
import type { Deployment } from "../../../src/packager/manifest/deployment.ts";
import type { ResolvedEndpoint } from "../../../src/spec/resolved.ts";
import { joinCreateOptions } from "../support/create-options.ts";
import { deployment, endpoint, moduleOf } from "../support/endpoints.ts";
import { assertGolden } from "../support/golden.ts";
import { REPOSITORY, shared } from "../support/repository.ts";

type Twin = Record<string, Record<string, never>>;

function data(path: string): ReturnType<typeof parseManifest> {
  return parseManifest(readFileSync(`${REPOSITORY}/${path}`, "utf8"), path);
}

function render(over: Partial<ResolvedEndpoint> = {}): Deployment & { twins: Twin } {
  const template = data("module-template/create-options.json");
  const rendered = renderDeployment(
    endpoint(over),
    { image: "registry.example/pump-monitor:1.4.0", version: "1.4.0", template },
    data("deployment-manifests/base.json"),
  );
  const json = JSON.parse(rendered.text) as { modulesContent: Twin };
  return { ...rendered, twins: json.modulesContent };
}

const EVERYTHING: Partial<ResolvedEndpoint> = {
  deployments: [
    deployment({ traffic: 90 }),
    deployment({ name: "green", traffic: 10 }),
    deployment({ name: "shadow", traffic: 0 }),
  ],
  mirror: { deployment: "shadow", percent: 20 },
  module: moduleOf({
    ports: { "8080": 5001 },
    env: { SITE: "Århus", LEVEL: "2" },
    startupOrder: 10,
    imagePullPolicy: "never",
    cpuPeriodMs: 20,
    volume: { name: "pump-outbox", path: "/var/lib/edgewright" },
    registry: { address: "registry.example", usernameEnv: "PULL_USER", passwordEnv: "PULL_SECRET" },
    routes: {
      sensors:
        'FROM /messages/modules/sensor/* INTO BrokeredEndpoint("/modules/pump-monitor/inputs/amlInput")',
    },
  }),
};

suite("renderDeployment", () => {
  for (const [name, over] of [
    ["the smallest endpoint", {}],
    ["an endpoint with every setting", EVERYTHING],
    ["an endpoint without limits", { module: moduleOf({ cpus: null, memoryBytes: null }) }],
  ] as const) {
    for (const [schema, owner] of [
      ["azure-iot-edge-deployment-2.0", undefined],
      ["azure-iot-edgeagent-deployment-1.1", "$edgeAgent"],
      ["azure-iot-edgehub-deployment-1.1", "$edgeHub"],
    ] as const) {
      const { path, skip } = shared(`schemas/iot-edge/${schema}.json`);
      test(`${name} is valid by ${schema}`, { skip }, () => {
        const { text, twins, problems } = render(over);
        const ajv = new ajvDraft04.default({ strict: false, logger: false });
        const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")) as object);
        const document: unknown =
          owner === undefined ? JSON.parse(text) : { [owner]: twins[owner] };
        assert.ok(validate(document), ajv.errorsText(validate.errors));
        assert.deepEqual(problems, []);
      });
    }
  }

  test("the schemas refuse a manifest that is wrong", { skip: shared("schemas").skip }, () => {
    const { path } = shared("schemas/iot-edge/azure-iot-edge-deployment-2.0.json");
    const { text } = render();
    const ajv = new ajvDraft04.default({ strict: false, logger: false });
    const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")) as object);
    assert.ok(
      !validate(JSON.parse(text.replace('"restartPolicy": "always"', '"restartPolicy": 1'))),
    );
  });

  test("the rendered example is what the folder shows", () => {
    assertGolden(
      render(EVERYTHING).text,
      `${REPOSITORY}/deployment-manifests/examples/pump-monitor.deployment.json`,
    );
  });

  test("edgeAgent finds the limits, edgeHub its store-and-forward", () => {
    const { twins } = render(EVERYTHING);
    const agent = twins["$edgeAgent"]?.["properties.desired"] as unknown as {
      modules: Record<string, { settings: Record<string, unknown> }>;
    };
    const options = joinCreateOptions(agent.modules["pump-monitor"]?.settings ?? {}) as {
      HostConfig: Record<string, unknown>;
    };
    assert.equal(options.HostConfig["CpuQuota"], 10_000);
    assert.equal(options.HostConfig["MemorySwap"], 268_435_456);
    const hub = twins["$edgeHub"]?.["properties.desired"] as unknown as Record<string, unknown>;
    assert.deepEqual(hub["storeAndForwardConfiguration"], { timeToLiveSecs: 7200 });
  });

  test("request settings that differ between deployments stay in the image", () => {
    const slow = deployment({ name: "green", requestTimeoutMs: 9000 });
    const { twins } = render({ deployments: [deployment(), slow] });
    const desired = twins["pump-monitor"]?.["properties.desired"] as unknown as object;
    assert.ok(!("requestSettings" in desired));
    assert.ok("traffic" in desired);
  });

  test("environment that fills the twin is an error with both numbers", () => {
    const env = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`K${i}`, "x".repeat(4000)]),
    );
    const { problems } = render({ module: moduleOf({ env }) });
    assert.ok(hasErrors(problems));
    assert.match(problems[0]?.message ?? "", /\$edgeAgent take 4\d{4} bytes; a twin holds 32768/u);
  });
});

suite("parseManifest", () => {
  for (const text of ["", "[]", "null", "{"]) {
    test(`"${text}" is no base manifest`, () => {
      assert.throws(() => parseManifest(text, "base.json"), UserError);
    });
  }
});

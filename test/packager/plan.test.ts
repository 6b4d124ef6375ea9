import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { UserError } from "../../src/core/problem.ts";
import { imageConfig, planImage } from "../../src/packager/plan.ts";
import type { ResolvedEndpoint } from "../../src/spec/resolved.ts";
import { deployment, endpoint } from "./support/endpoints.ts";

const model = { name: "pump", version: "3", path: "/home/me/models/pump.onnx", bytes: 7 };

function twoDeployments(first: typeof model, second: typeof model): ResolvedEndpoint {
  return endpoint({
    deployments: [
      deployment({ model: first }),
      deployment({ name: "green", traffic: 0, model: second }),
    ],
  });
}

suite("planImage", () => {
  test("models lie where Azure puts them, and the endpoint names them from where it lies", () => {
    const { endpoint: inside, models } = planImage(twoDeployments(model, { ...model, name: "b" }));
    assert.deepEqual(
      inside.deployments.map((one) => one.model?.path),
      ["azureml-models/pump/3/pump.onnx", "azureml-models/b/3/pump.onnx"],
    );
    assert.deepEqual(
      models.map(({ target }) => target),
      [
        "var/azureml-app/azureml-models/pump/3/pump.onnx",
        "var/azureml-app/azureml-models/b/3/pump.onnx",
      ],
    );
    assert.equal(inside.deployments[0]?.model?.bytes, 7);
  });

  test("a model of two deployments is one layer", () => {
    assert.equal(planImage(twoDeployments(model, model)).models.length, 1);
  });

  test("two files under one name and version are a conflict that names both", () => {
    const other = { ...model, path: "/elsewhere/pump.onnx" };
    assert.throws(
      () => planImage(twoDeployments(model, other)),
      (error) =>
        error instanceof UserError &&
        error.problems[0]?.code === "SPEC_CONFLICT" &&
        error.message.includes(model.path) &&
        error.message.includes(other.path),
    );
  });

  test("no path of the build machine gets into the image", () => {
    const environment = { name: "env", condaFile: "/home/me/conda.yml" };
    const plan = planImage(endpoint({ deployments: [deployment({ model, environment })] }));
    assert.ok(!JSON.stringify(plan.endpoint).includes("/home/me"));
    assert.equal(plan.endpoint.deployments[0]?.environment?.name, "env");
  });

  test("a folder of the build machine keeps its last name, also on Windows", () => {
    for (const path of ["/home/me/model/", "C:\\models\\model"]) {
      const plan = planImage(
        endpoint({ deployments: [deployment({ model: { ...model, path } })] }),
      );
      assert.equal(plan.models[0]?.target, "var/azureml-app/azureml-models/pump/3/model");
    }
  });

  test("code, model folder and Python packages come along with a script", () => {
    const script = { directory: "/home/me/src", path: "/home/me/src/a/score.py", imports: ["PIL"] };
    const registered = { ...model, path: "/m/pump/3/pump.onnx", directory: "/m/pump/3" };
    const plan = planImage(
      endpoint({
        deployments: [
          deployment({ script, model: registered, environment: { requirements: ["numpy"] } }),
          deployment({ name: "green", traffic: 0, model: { ...model, path: registered.path } }),
        ],
      }),
    );
    assert.deepEqual(plan.python, ["python3", "python3-numpy", "python3-pil"]);
    assert.deepEqual(plan.code, [
      {
        deployment: "blue",
        source: "/home/me/src",
        target: "var/azureml-app/code/blue/src",
        without: ["/m/pump/3"],
      },
    ]);
    assert.deepEqual(
      plan.models.map(({ source, target }) => [source, target]),
      [["/m/pump/3", "var/azureml-app/azureml-models/pump/3"]],
    );
    const [blue, green] = plan.endpoint.deployments;
    assert.deepEqual(blue?.script, {
      directory: "code/blue/src",
      path: "code/blue/src/a/score.py",
    });
    assert.equal(blue.model?.directory, "azureml-models/pump/3");
    for (const each of [blue, green])
      assert.equal(each?.model?.path, "azureml-models/pump/3/pump.onnx");
  });

  test("a Python package that Debian lacks is refused with the deployment that wants it", () => {
    const script = { directory: "/src", path: "/src/score.py", imports: ["lightgbm"] };
    const environment = { requirements: ["mlflow"] };
    assert.throws(
      () => planImage(endpoint({ deployments: [deployment({ script, environment })] })),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(
          error.problems.map(({ code, message }) => [code, /mlflow|lightgbm/u.exec(message)?.[0]]),
          [
            ["SCRIPT_PACKAGE", "mlflow"],
            ["SCRIPT_PACKAGE", "lightgbm"],
          ],
        );
        return true;
      },
    );
  });
});

suite("imageConfig", () => {
  const facts = {
    edgewright: "0.1.0",
    onnxruntime: "1.30.0",
    base: "Debian bookworm, Node 24.1.0",
    node: "/usr/local/bin/node",
    created: "1970-01-01T00:00:00Z",
    modelSha256: new Map([["pump:3", "ab".repeat(32)]]),
  };

  test("user, telemetry and labels are what a device needs", () => {
    const signature = {
      inputs: [{ name: "x", type: "float32" as const, shape: ["n", 3] }],
      outputs: [],
    };
    const config = imageConfig(
      endpoint({ deployments: [deployment({ model: { ...model, signature } })] }),
      facts,
    );
    assert.equal(config.user, "10001:10001");
    assert.equal(config.env["ORT_DISABLE_TELEMETRY"], "1");
    assert.equal(config.stopSignal, "SIGTERM");
    assert.deepEqual(config.ports, [5001, 9600]);
    assert.equal(config.labels["io.edgewright.deployment.blue.model"], "pump:3");
    assert.equal(config.labels["io.edgewright.deployment.blue.model.sha256"], "ab".repeat(32));
    assert.deepEqual(
      JSON.parse(config.labels["io.edgewright.deployment.blue.model.signature"] ?? ""),
      signature,
    );
  });
});

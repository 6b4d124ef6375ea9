import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";

import type { TestDeployment } from "../../support/endpoint.ts";
import { FIXTURE_MODELS, SHARED, withoutShared } from "../../support/repository.ts";
import { score, served } from "../../support/served.ts";

type Json = Record<string, unknown>;

/** Walks `["paths", "/score"]` and so on. */
function at(document: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);
}

async function swagger(
  url: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; document: Json }> {
  const response = await fetch(`${url}/swagger.json${query}`, { headers });
  return { status: response.status, document: (await response.json()) as Json };
}

/** What a document says of the scoring route, wherever its version puts it. */
function scoring(document: Json) {
  const post = at(document, "paths", "/score", "post");
  if (document["swagger"] === "2.0") {
    return {
      schemas: document["definitions"] as Json,
      request: at(document, "definitions", "ServiceInput", "example"),
      answer: at(post, "responses", "200", "examples", "application/json"),
    };
  }
  const media = (parent: unknown): unknown => at(parent, "content", "application/json", "example");
  return {
    schemas: at(document, "components", "schemas") as Json,
    request: media(at(post, "requestBody")),
    answer: media(at(post, "responses", "200")),
  };
}

const VERSIONS: readonly (readonly [query: string, version: string])[] = [
  ["", "2.0"],
  ["?version=3", "3.0"],
  ["?version=3.1", "3.1"],
];

/** Every document of a model: legal, its example accepted, its answer real and as its schema says. */
async function checkModel(path: string): Promise<void> {
  const running = await served({ blue: { path } });
  try {
    for (const [query, version] of VERSIONS) {
      const { status, document } = await swagger(running.url, query);
      assert.equal(status, 200);
      const validator = new Validator();
      const { valid, errors } = await validator.validate(structuredClone(document));
      assert.ok(valid, `${path} ${version}: ${JSON.stringify(errors)}`);
      assert.equal(validator.version, version);
      const { schemas, request, answer } = scoring(document);
      const scored = await score(running.url, request);
      assert.equal(scored.status, 200, JSON.stringify(scored.body));
      assert.deepEqual(JSON.stringify(answer), JSON.stringify(scored.body));
      const ajv = new Ajv({ strict: false, validateFormats: false });
      for (const [name, value] of [
        ["ServiceInput", request],
        ["ServiceOutput", answer],
      ] as const) {
        assert.ok(
          ajv.validate(schemas[name] as object, value),
          `${path} ${name}: ${ajv.errorsText()}`,
        );
      }
    }
  } finally {
    await running.stop();
  }
}

const FIXTURES = ["double", "double-fixed", "scalar", "two-inputs", "two-outputs", "types"];

suite("the document of a model", () => {
  for (const name of [...FIXTURES, "zipmap-int", "zipmap-string"]) {
    test(`${name}: legal in every version, with an example that is really answered`, () =>
      checkModel(`${FIXTURE_MODELS}${name}.onnx`));
  }

  for (const name of ["mul_1", "mnist", "logreg_iris", "iris_pytorch", "identity_string"]) {
    test(`${name}, a model of others: the same`, { skip: withoutShared }, () =>
      checkModel(`${SHARED}models/${name}.onnx`),
    );
  }
});

suite("/swagger.json", async () => {
  const deployments: Record<string, TestDeployment> = {
    blue: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 40 },
    green: { path: `${FIXTURE_MODELS}two-inputs.onnx`, traffic: 60 },
  };
  const running = await served(deployments);
  const { url } = running;
  after(() => running.stop());

  for (const version of ["4", "1", "3.2", "", "2.00", "latest", "__proto__"]) {
    test(`version '${version}' is 404 in the words of Azure's server`, async () => {
      const { status, document } = await swagger(url, `?version=${version}`);
      const message = `Swagger version [${version}] is not valid. Supported versions: [2, 3, 3.1].`;
      assert.equal(status, 404);
      assert.equal(document["message"], message);
      assert.deepEqual(document["error"], { code: "ROUTE_VERSION", message });
    });
  }

  test("a version has a short and a long name", async () => {
    for (const [short, long] of [
      ["", "?version=2.0"],
      ["?version=2", "?version=2.0"],
      ["?version=3", "?version=3.0"],
    ] as const)
      assert.deepEqual(await swagger(url, short), await swagger(url, long));
  });

  test("it is of the deployment with the most traffic, or of the one in the header", async () => {
    const inputs = async (headers: Record<string, string> = {}): Promise<unknown> =>
      scoring((await swagger(url, "?version=3", headers)).document).request;
    const most = (await inputs()) as { inputs: Json };
    assert.equal(Object.keys(most.inputs).length, 2);
    assert.deepEqual(await inputs({ "azureml-model-deployment": "BLUE" }), { data: [[0, 0, 0]] });
    const { status } = await swagger(url, "", { "azureml-model-deployment": "purple" });
    assert.equal(status, 404);
  });

  test("it is read only", async () => {
    const response = await fetch(`${url}/swagger.json`, { method: "POST" });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
    await response.arrayBuffer();
  });

  test("without credentials no security is spoken of", async () => {
    for (const query of ["", "?version=3", "?version=3.1"]) {
      const { document } = await swagger(url, query);
      assert.doesNotMatch(JSON.stringify(document), /[Ss]ecurity|Bearer/);
    }
  });

  test("with credentials the scheme is there, legal, and health stays open", async () => {
    const key = "0".repeat(64);
    const closed = await served(deployments, { auth: { mode: "key", keys: [key] } });
    try {
      assert.equal((await fetch(`${closed.url}/swagger.json`)).status, 401);
      const { createHash } = await import("node:crypto");
      closed.setKeys([createHash("sha256").update("k").digest("hex")]);
      for (const [query, place] of [
        ["", ["securityDefinitions"]],
        ["?version=3", ["components", "securitySchemes"]],
        ["?version=3.1", ["components", "securitySchemes"]],
      ] as const) {
        const { document } = await swagger(closed.url, query, { authorization: "Bearer k" });
        const { valid, errors } = await new Validator().validate(structuredClone(document));
        assert.ok(valid, JSON.stringify(errors));
        assert.ok(at(document, ...place, "Bearer"));
        assert.deepEqual(document["security"], [{ Bearer: [] }]);
        assert.deepEqual(at(document, "paths", "/health/live", "get", "security"), []);
        assert.ok(at(document, "paths", "/score", "post", "responses", "401"));
      }
    } finally {
      await closed.stop();
    }
  });
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { codes, load } from "../loading.ts";

const OLD = "warning SPEC_OLD_SPELLING";

function specOf(lines: string): string {
  return `name: pump\n${lines}\ndeployments: {blue: {model: "azureml:net:1"}}\n`;
}

suite("endpoint spellings", () => {
  const TYPES: readonly (readonly [written: string, kind: string, warned: boolean])[] = [
    ["online", "online", false],
    ["OnlineEndpoint", "online", true],
    ["onlineendpoint", "online", true],
    ["Online", "online", true],
    ["batch", "batch", false],
    ["BatchEndpoint", "batch", true],
    ["BATCH", "batch", true],
  ];
  for (const [written, kind, warned] of TYPES) {
    test(`type ${written} is ${kind}`, async (t) => {
      const { endpoint, problems } = await load(t, specOf(`type: ${written}`));
      assert.equal(endpoint.kind, kind);
      assert.equal(codes(problems).includes(OLD), warned);
    });
  }

  const MODES: readonly (readonly [written: string, mode: string])[] = [
    ["Key", "key"],
    ["KEY", "key"],
    ["AMLToken", "aml_token"],
    ["None", "none"],
  ];
  for (const [written, mode] of MODES) {
    test(`auth_mode ${written} is ${mode}, with a warning`, async (t) => {
      const { endpoint, problems } = await load(
        t,
        specOf(`auth_mode: ${written}\ntraffic: {blue: 100}`),
      );
      assert.equal(endpoint.authMode, mode);
      assert.deepEqual(codes(problems), [OLD]);
    });
    test(`auth_mode ${mode} is itself`, async (t) => {
      const { endpoint, problems } = await load(
        t,
        specOf(`auth_mode: ${mode}\ntraffic: {blue: 100}`),
      );
      assert.equal(endpoint.authMode, mode);
      assert.deepEqual(problems, []);
    });
  }

  test("aad_token of a batch endpoint, where Azure knows no other mode, stands for a key", async (t) => {
    const { endpoint, problems } = await load(t, specOf("type: batch\nauth_mode: AADToken"));
    assert.equal(endpoint.authMode, "key");
    assert.deepEqual(codes(problems), [OLD, "note SPEC_IGNORED"]);
  });

  test("what Azure knows and a device does not gets a note; $schema gets nothing", async (t) => {
    const fields = [
      "$schema: https://example.org/x.json",
      "traffic: {blue: 100}",
      "identity: {type: system_assigned}",
      "public_network_access: disabled",
      "properties: {a: b}",
      "compute: azureml:k8s",
      "infrastructure: managed",
      "location: westeurope",
    ];
    const { problems } = await load(t, specOf(fields.join("\n")));
    assert.deepEqual(codes(problems), Array(6).fill("note SPEC_IGNORED"));
    for (const { hint } of problems) assert.ok(hint);
  });

  test("tags and description are kept", async (t) => {
    const { endpoint } = await load(t, specOf("description: d\ntags: {line: 3, site: north}"));
    assert.equal(endpoint.description, "d");
    assert.deepEqual(endpoint.tags, { line: "3", site: "north" });
  });

  test("traffic of a batch endpoint names its default deployment", async (t) => {
    const spec =
      "name: pump\ntype: batch\ntraffic: {BLUE: 100, green: 0}\ndeployments:\n  blue: {model: 'azureml:net:1'}\n  green: {model: 'azureml:net:1'}\n";
    const { endpoint, problems } = await load(t, spec);
    assert.equal(endpoint.defaultDeployment, "blue");
    assert.deepEqual(codes(problems), [OLD]);
    assert.deepEqual(
      endpoint.deployments.map(({ traffic }) => traffic),
      [0, 0],
    );
  });

  test("a batch endpoint of several deployments has no default unless it says so", async (t) => {
    const deployments =
      "deployments:\n  blue: {model: 'azureml:net:1'}\n  green: {model: 'azureml:net:1'}\n";
    const without = await load(t, `name: pump\ntype: batch\n${deployments}`);
    assert.equal(without.endpoint.defaultDeployment, undefined);
    const spec = `name: pump\ntype: batch\ndefaults: {deployment_name: Green}\n${deployments}`;
    assert.equal((await load(t, spec)).endpoint.defaultDeployment, "green");
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { edgewright, edgewrightJson, startRun } from "../../support/edgewright.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";
import { score } from "../../support/served.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const BODY = '{"data": [[1, 2, 3]]}';

/** A user with a spec and a home of their own. */
function user(t: TestContext, authMode: string) {
  const spec = `name: pump\nauth_mode: ${authMode}\ndeployments: {blue: {model: {path: ${FIXTURE_MODELS}double.onnx}}}\n`;
  const folder = tempFolder(t, { "endpoint.yml": spec });
  const home = join(folder, "home");
  return { spec: join(folder, "endpoint.yml"), home, env: { EDGEWRIGHT_HOME: home } };
}

suite("keys", () => {
  test("show makes them once, keeps them, and nobody else can read them", async (t) => {
    const { spec, env, home } = user(t, "key");
    const first = await edgewrightJson(["keys", "show", spec], { env });
    const second = await edgewrightJson(["keys", "show", spec], { env });
    assert.equal(first.code, 0);
    assert.deepEqual(second.document, first.document);
    assert.deepEqual(first.document.problems, []);
    const { hashes } = first.document;
    const [primaryKey, secondaryKey] = ["primaryKey", "secondaryKey"].map((name) =>
      String(first.document[name]),
    );
    assert.notEqual(primaryKey, secondaryKey);
    assert.deepEqual(
      hashes,
      [primaryKey, secondaryKey].map((key = "") => createHash("sha256").update(key).digest("hex")),
    );
    for (const name of readdirSync(home, { recursive: true }) as string[])
      assert.equal(statSync(join(home, name)).mode & 0o077, 0, name);
    const text = await edgewright(["keys", "show", spec], { env });
    assert.equal(text.stdout, `primary    ${primaryKey}\nsecondary  ${secondaryKey}\n`);
  });

  test("rotate replaces the one that is named", async (t) => {
    const { spec, env } = user(t, "key");
    const { document: before } = await edgewrightJson(["keys", "show", spec], { env });
    await edgewright(["keys", "rotate", spec, "--key", "secondary"], { env });
    const { document: after } = await edgewrightJson(["keys", "show", spec], { env });
    assert.equal(after["primaryKey"], before["primaryKey"]);
    assert.notEqual(after["secondaryKey"], before["secondaryKey"]);
  });

  test("keys of an endpoint that takes none are a warning", async (t) => {
    for (const mode of ["aml_token", "none"]) {
      const { spec, env } = user(t, mode);
      const { code, document } = await edgewrightJson(["keys", "show", spec], { env });
      assert.equal(code, 0);
      assert.deepEqual(
        document.problems.map(({ code: name, severity }) => `${severity} ${name}`),
        ["warning CLI_CREDENTIALS"],
      );
    }
  });

  test("wrong use says what is right", async (t) => {
    const { spec, env } = user(t, "key");
    for (const args of [
      ["keys"],
      ["keys", "show"],
      ["keys", "hide", spec],
      ["keys", "rotate", spec],
      ["keys", "rotate", spec, "--key", "third"],
      ["token"],
      ["token", spec, "--lifetime", "0s"],
      ["token", spec, "--lifetime", "400d"],
      ["token", spec, "--lifetime", "soon"],
      ["score", spec, "-d", "-", "--key", "a", "--token", "b"],
    ]) {
      const { code, stderr } = await edgewright(args, { env });
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /CLI_USAGE/);
    }
    assert.equal((await edgewright(["keys", "show", "/nowhere.yml"], { env })).code, 1);
  });
});

suite("token", () => {
  test("it says when it ends and when to refresh it", async (t) => {
    const { spec, env } = user(t, "aml_token");
    const now = Math.floor(Date.now() / 1000);
    const { code, document } = await edgewrightJson(["token", spec, "--lifetime", "90m"], { env });
    assert.equal(code, 0);
    const expiry = Number(document["expiryTimeUtc"]);
    assert.ok(Math.abs(expiry - now - 5400) < 60);
    assert.equal(document["refreshAfterTimeUtc"], expiry - 2700);
    assert.match(String(document["accessToken"]), /^[\w-]+\.[\w-]+\.[\w-]{86}$/);
  });
});

suite("run and score with credentials", () => {
  test("an address that is not this machine's makes none", async (t) => {
    const { spec, env, home } = user(t, "key");
    const { code, stderr } = await edgewright(["run", spec, "--host", "192.0.2.1"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /RUNTIME_PORT  192\.0\.2\.1:5001 cannot be listened on: EADDRNOTAVAIL/);
    assert.equal(existsSync(home), false);
  });

  test("loopback asks for none, and score works as it stands", async (t) => {
    const { spec, env, home } = user(t, "key");
    const { url, terminate } = await startRun([spec], { env });
    try {
      assert.equal((await score(url, BODY)).status, 200);
    } finally {
      await terminate();
    }
    // Nobody asked for credentials, so none were made.
    assert.throws(() => readdirSync(home), /ENOENT/);
  });

  test("--auth asks for a key; score sends the one it is given", async (t) => {
    const { spec, env } = user(t, "key");
    const { url, terminate } = await startRun([spec, "--auth"], { env });
    try {
      const { document } = await edgewrightJson(["keys", "show", spec], { env });
      const refused = await edgewright(["score", url, "-d", "-"], { env, input: BODY });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /answers 401/);
      assert.match(refused.stderr, /hint: Give --key or --token/);
      for (const key of [document["primaryKey"], document["secondaryKey"]]) {
        const args = ["score", url, "-d", "-", "--key", String(key)];
        const { code, stdout } = await edgewright(args, { env, input: BODY });
        assert.deepEqual([code, stdout], [0, '{"outputs":{"y":[[2,4,6]]}}\n']);
      }
    } finally {
      await terminate();
    }
  });

  test("--auth with aml_token takes the token of edgewright token, and no key", async (t) => {
    const { spec, env } = user(t, "aml_token");
    const { url, terminate } = await startRun([spec, "--auth"], { env });
    try {
      const token = (await edgewright(["token", spec], { env })).stdout.trim();
      const args = ["score", url, "-d", "-"];
      const taken = await edgewright([...args, "--token", token], { env, input: BODY });
      assert.equal(taken.code, 0);
      const { document } = await edgewrightJson(["keys", "show", spec], { env });
      const key = String(document["primaryKey"]);
      assert.equal((await edgewright([...args, "--key", key], { env, input: BODY })).code, 1);
    } finally {
      await terminate();
    }
  });

  test("an address that others reach is closed without --auth", async (t) => {
    const { spec, env } = user(t, "key");
    const { url, terminate } = await startRun([spec, "--host", "0.0.0.0"], { env });
    try {
      assert.equal((await score(url, BODY)).status, 401);
      assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    } finally {
      await terminate();
    }
  });

  test("auth_mode none is open everywhere, and --auth contradicts it", async (t) => {
    const { spec, env } = user(t, "none");
    const { url, terminate } = await startRun([spec, "--host", "0.0.0.0"], { env });
    try {
      assert.equal((await score(url, BODY)).status, 200);
    } finally {
      await terminate();
    }
    const { code, stderr } = await edgewright(["run", spec, "--auth", "--port", "0"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /CLI_CREDENTIALS/);
  });

  test("--metrics-port serves /metrics alone, and run says where", async (t) => {
    const { spec, env } = user(t, "key");
    const { metricsUrl, terminate } = await startRun([spec, "--auth", "--metrics-port", "0"], {
      env,
    });
    try {
      assert.match(await (await fetch(`${metricsUrl}/metrics`)).text(), /edgewright_ready 1\n/);
    } finally {
      await terminate();
    }
  });

  test("aad_token is refused at its place, with what to write instead", async (t) => {
    const { spec, env } = user(t, "aad_token");
    const { code, document } = await edgewrightJson(["validate", spec], { env });
    assert.equal(code, 1);
    const problem = document.problems.find(({ severity }) => severity === "error");
    assert.deepEqual([problem?.code, problem?.at?.line], ["SPEC_WRONG_VALUE", 2]);
    assert.match(problem?.hint ?? "", /aml_token/);
  });
});

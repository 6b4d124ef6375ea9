import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { readSpecText, specFiles } from "../../../src/spec/text/file.ts";
import { socketAt, tempFolder } from "../../support/temp-folder.ts";

suite("specFiles", () => {
  test("a file is itself, a folder is its endpoint.yml", async (t) => {
    const cwd = tempFolder(t, { "a/endpoint.yml": "", "a/other.yml": "", "b.yml": "" });
    const read = await specFiles(["a", "b.yml"], cwd);
    assert.ok(read.ok);
    assert.deepEqual(read.value, [join("a", "endpoint.yml"), "b.yml"]);
  });

  test("a folder with one YAML file is that file", async (t) => {
    const cwd = tempFolder(t, { "a/pump.yaml": "", "a/notes.txt": "" });
    const read = await specFiles(["a"], cwd);
    assert.ok(read.ok);
    assert.deepEqual(read.value, [join("a", "pump.yaml")]);
  });

  test("what is not there, and a folder that leaves a choice, are refused together", async (t) => {
    const cwd = tempFolder(t, { "a/one.yml": "", "a/two.yml": "", "c/x.txt": "" });
    const read = await specFiles(["a", "b", "c"], cwd);
    assert.deepEqual(
      read.problems.map(({ code, message }) => `${code} ${message}`),
      [
        "SPEC_NOT_FOUND a holds 2 YAML files, must hold endpoint.yml or exactly one YAML file",
        "SPEC_NOT_FOUND b does not exist",
        "SPEC_NOT_FOUND c holds no YAML file, must hold endpoint.yml or exactly one YAML file",
      ],
    );
  });

  test("what is neither a file nor a folder is refused instead of waited for", async (t) => {
    const cwd = tempFolder(t);
    await socketAt(t, join(cwd, "socket.yml"));
    const read = await specFiles(["socket.yml"], cwd);
    assert.equal(read.problems[0]?.code, "SPEC_UNREADABLE");
  });
});

suite("readSpecText", () => {
  test("text is given without its byte order mark", async (t) => {
    const cwd = tempFolder(t, { "a.yml": "\ufeffname: péage\n" });
    const read = await readSpecText("a.yml", cwd);
    assert.deepEqual(read, { ok: true, value: "name: péage\n", problems: [] });
  });

  test("exactly 1 MiB is read, a byte more is refused", async (t) => {
    const cwd = tempFolder(t, { "a.yml": "#".repeat(1 << 20), "b.yml": "#".repeat((1 << 20) + 1) });
    assert.equal((await readSpecText("a.yml", cwd)).ok, true);
    assert.equal((await readSpecText("b.yml", cwd)).problems[0]?.code, "SPEC_TOO_LARGE");
  });

  test("a file of 64 GiB is refused without being read", async (t) => {
    const cwd = tempFolder(t, { "a.yml": "" });
    truncateSync(join(cwd, "a.yml"), 64 * 2 ** 30);
    const read = await readSpecText("a.yml", cwd);
    assert.equal(read.problems[0]?.code, "SPEC_TOO_LARGE");
    assert.ok(read.problems[0].hint);
  });

  for (const [what, bytes] of [
    ["zero bytes", Buffer.from("name: a\0b\n")],
    ["bytes that are no UTF-8", Buffer.from([0x6e, 0xff, 0xfe, 0x0a])],
  ] as const) {
    test(`${what} are not text`, async (t) => {
      const cwd = tempFolder(t, { "a.yml": bytes });
      assert.equal((await readSpecText("a.yml", cwd)).problems[0]?.code, "SPEC_NOT_TEXT");
    });
  }
});

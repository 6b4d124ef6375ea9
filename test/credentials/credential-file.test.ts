import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { UserError } from "../../src/core/problem.ts";
import {
  changeCredentials,
  credentialFile,
  ensureCredentials,
  readCredentials,
} from "../../src/credentials/credential-file.ts";
import { rotateCredential } from "../../src/credentials/credentials.ts";
import { tempFolder } from "../support/temp-folder.ts";

function fileIn(t: TestContext): string {
  return credentialFile(join(tempFolder(t), "home"), "Pump-1");
}

const saysFault = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.problems[0]?.code, "CREDENTIAL_FILE");
  assert.match(error.problems[0].message, pattern);
  assert.ok(error.problems[0].hint);
  return true;
};

suite("the credential file", () => {
  test("only its user can read it, whatever the umask, and nothing else lies beside it", async (t) => {
    const file = fileIn(t);
    const before = process.umask(0);
    await ensureCredentials(file).finally(() => process.umask(before));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(file)), ["pump-1.json"]);
  });

  test("what was made stays, and is said to be fresh once", async (t) => {
    const file = fileIn(t);
    assert.equal(await readCredentials(file), undefined);
    const first = await ensureCredentials(file);
    const second = await ensureCredentials(file);
    assert.deepEqual(second.credentials, first.credentials);
    assert.deepEqual([first.fresh, second.fresh], [true, false]);
  });

  test("many that make it at once get the same credentials", async (t) => {
    const file = fileIn(t);
    const made = await Promise.all(Array.from({ length: 20 }, () => ensureCredentials(file)));
    assert.equal(new Set(made.map(({ credentials }) => credentials.primaryKey)).size, 1);
    assert.equal(made.filter(({ fresh }) => fresh).length, 1);
    assert.deepEqual(readdirSync(dirname(file)), ["pump-1.json"]);
  });

  test("a change keeps the rest, the mode, and leaves no draft and no lock", async (t) => {
    const file = fileIn(t);
    const { credentials: before } = await ensureCredentials(file);
    await changeCredentials(file, (one) => rotateCredential(one, "primary"));
    const after = (await readCredentials(file))?.credentials;
    assert.notEqual(after?.primaryKey, before.primaryKey);
    assert.equal(after?.secondaryKey, before.secondaryKey);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(dirname(file)), ["pump-1.json"]);
  });

  test("of two changes at once none is lost: one waits for nobody and says so", async (t) => {
    const file = fileIn(t);
    const { credentials: before } = await ensureCredentials(file);
    const names = ["primary", "secondary", "token"] as const;
    const ends = await Promise.allSettled(
      names.map((name) => changeCredentials(file, (one) => rotateCredential(one, name))),
    );
    const after = (await readCredentials(file))?.credentials;
    const changed = [
      after?.primaryKey !== before.primaryKey,
      after?.secondaryKey !== before.secondaryKey,
      after?.signingKey !== before.signingKey,
    ];
    assert.deepEqual(
      changed,
      ends.map(({ status }) => status === "fulfilled"),
    );
    for (const end of ends) {
      if (end.status === "rejected") saysFault(/is being changed/)(end.reason);
    }
  });

  test("a file that is none of ours is refused and stays as it is", async (t) => {
    const file = fileIn(t);
    mkdirSync(dirname(file), { recursive: true });
    for (const text of ["", "{", "[]", "null", '{"format":2}', '{"format":1,"primaryKey":"x"}']) {
      writeFileSync(file, text, { mode: 0o600 });
      await assert.rejects(ensureCredentials(file), saysFault(/is not a credential file/));
      await assert.rejects(
        changeCredentials(file, (one) => one),
        saysFault(/is not a credential file/),
      );
      assert.equal(readFileSync(file, "utf8"), text);
    }
  });

  test("a file that others can read is a warning with the mode", async (t) => {
    const file = fileIn(t);
    await ensureCredentials(file);
    chmodSync(file, 0o644);
    const [problem] = (await ensureCredentials(file)).problems;
    assert.equal(problem?.severity, "warning");
    assert.match(problem.message, /mode 0644/);
    assert.match(problem.hint ?? "", /chmod 600/);
  });

  test("a folder that cannot be written is a fault of the file's, not a defect", async (t) => {
    const home = tempFolder(t, { home: "a file where the folder should be" });
    const file = credentialFile(join(home, "home"), "pump");
    await assert.rejects(ensureCredentials(file), saysFault(/cannot be (read|written): ENOTDIR/));
  });
});

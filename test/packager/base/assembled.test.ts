import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { assembleBase } from "../../../src/packager/base/assembled.ts";
import { debDigest } from "../../../src/packager/base/debian/digest.ts";
import type { AssembledBase, BaseRequest } from "../../../src/packager/base/assembled.ts";
import { integrityDigest } from "../../../src/packager/base/node-package.ts";
import { createBlobStore } from "../../../src/packager/blob-store.ts";
import { fakePrograms, world } from "../support/fake-programs.ts";
import type { World } from "../support/fake-programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Bench = {
  readonly state: World;
  readonly calls: string[];
  readonly cache: string;
  readonly build: (over?: Partial<BaseRequest>) => Promise<AssembledBase>;
};

async function bench(t: TestContext, over: Partial<World> = {}): Promise<Bench> {
  const folder = await tempFolder(t);
  const state = world(over);
  const { run, calls } = fakePrograms(state);
  const cache = join(folder, "blobs");
  let builds = 0;
  const build = (request: Partial<BaseRequest> = {}): Promise<AssembledBase> =>
    assembleBase({
      platforms: ["linux/amd64", "linux/arm64"],
      locked: undefined,
      frozen: false,
      store: createBlobStore(cache),
      run,
      folder: join(folder, `work-${(builds += 1)}`),
      progress: () => {},
      ...request,
    });
  return { state, calls, cache, build };
}

function code(expected: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.problems[0]?.code, expected);
    assert.match(error.message, text);
    assert.ok(error.problems.every((problem) => problem.hint !== undefined));
    return true;
  };
}

suite("assembleBase without a lock", () => {
  test("the newest packages and the newest Node that both platforms have are pinned", async (t) => {
    const { build } = await bench(t);
    const { lock, problems } = await build();
    assert.equal(lock.suite, "bookworm");
    assert.equal(lock.node.version, "24.10.0");
    assert.deepEqual(
      lock.packages["linux/arm64"]?.map(({ name, version }) => `${name}=${version}`),
      ["base-files=12.4", "gcc-12-base=12.2", "libc6=2.36-9"],
    );
    assert.deepEqual(problems, []);
  });

  test("one platform alone may have a newer Node", async (t) => {
    const { build, state } = await bench(t);
    state.nodeVersions.x64.push("24.11.0");
    const { lock } = await build({ platforms: ["linux/amd64"] });
    assert.equal(lock.node.version, "24.11.0");
  });

  test("other bytes in npm's cache than npm announces are refused", async (t) => {
    const { build } = await bench(t, { damagedCache: true });
    await assert.rejects(
      build(),
      code("BUILD_DOWNLOAD", /other bytes than npm announced: sha512-/u),
    );
  });

  test("frozen wants a lock", async (t) => {
    const { build, calls } = await bench(t);
    await assert.rejects(
      build({ frozen: true }),
      code("BUILD_LOCK_CHANGED", /no image\.lock\.json/u),
    );
    assert.deepEqual(calls, []);
  });

  for (const absent of ["apt-get", "npm"]) {
    test(`${absent} that is absent is named`, async (t) => {
      const { build } = await bench(t, { absent: [absent] });
      await assert.rejects(
        build(),
        code("BUILD_PROGRAM", new RegExp(`${absent} is not on this`, "u")),
      );
    });
  }

  test("both absent programs are named at once, each once", async (t) => {
    const { build } = await bench(t, { absent: ["apt-get", "npm"] });
    await assert.rejects(
      build(),
      (error) => error instanceof UserError && error.problems.length === 2,
    );
  });

  test("a network that is down is said with the reason of the program", async (t) => {
    const { build } = await bench(t, { network: false });
    await assert.rejects(build(), code("BUILD_DOWNLOAD", /Failed to fetch|no such host/u));
  });

  test("no Node that all platforms have is an error", async (t) => {
    const { build } = await bench(t, { nodeVersions: { x64: ["24.1.0"], arm64: ["24.2.0"] } });
    await assert.rejects(build(), code("BUILD_DOWNLOAD", /No version of Node 24/u));
  });
});

suite("assembleBase with a lock", () => {
  test("a full cache needs no program at all", async (t) => {
    const { build, state, calls } = await bench(t);
    const { lock } = await build();
    calls.length = 0;
    state.network = false;
    state.absent.push("apt-get", "npm", "dpkg-deb");
    const again = await build({ locked: lock, frozen: true });
    assert.deepEqual(again, { lock, problems: [] });
    assert.deepEqual(calls, []);
  });

  test("an empty cache is filled with what the lock says, though newer is there", async (t) => {
    const { build, state, cache } = await bench(t);
    const { lock } = await build();
    await rm(cache, { recursive: true });
    state.nodeVersions.x64.push("24.12.0");
    state.nodeVersions.arm64.push("24.12.0");
    const again = await build({ locked: lock });
    assert.deepEqual(again, { lock, problems: [] });
    for (const deb of lock.packages["linux/amd64"] ?? [])
      assert.ok(await createBlobStore(cache).has(debDigest(deb)));
  });

  test("a damaged blob is fetched again", async (t) => {
    const { build, cache } = await bench(t);
    const { lock } = await build();
    const [deb] = lock.packages["linux/amd64"] ?? [];
    const node = integrityDigest(lock.node.integrity["linux/arm64"] ?? "");
    assert.ok(deb !== undefined);
    for (const digest of [debDigest(deb), node])
      await writeFile(createBlobStore(cache).path(digest), "rubbish");
    assert.deepEqual(await build({ locked: lock }), { lock, problems: [] });
    for (const digest of [debDigest(deb), node])
      assert.ok(await createBlobStore(cache).has(digest));
  });

  for (const [what, leave, text] of [
    [
      "a package",
      (state: World) => void (state.packages["libc6"] = "2.36-10"),
      /libc6 2\.36-9 for linux\/amd64 is in image\.lock\.json/u,
    ],
    [
      "a Node",
      (state: World) => void (state.nodeVersions.arm64 = ["24.9.0"]),
      /Node 24\.10\.0 for linux\/arm64 is in image\.lock\.json/u,
    ],
  ] as const) {
    test(`${what} that is gone makes a new lock with a warning, and frozen an error`, async (t) => {
      const { build, state, cache } = await bench(t);
      const { lock } = await build();
      await rm(cache, { recursive: true });
      leave(state);
      await assert.rejects(
        build({ locked: lock, frozen: true }),
        code("BUILD_LOCK_CHANGED", /is in image\.lock\.json/u),
      );
      const renewed = await build({ locked: lock });
      assert.notDeepEqual(renewed.lock, lock);
      const messages = renewed.problems.map(({ message }) => message).join("\n");
      assert.match(messages, text);
      assert.ok(renewed.problems.every(({ severity }) => severity === "warning"));
    });
  }

  test("a platform that the lock lacks is added, the others stay", async (t) => {
    const { build, state } = await bench(t);
    const { lock } = await build({ platforms: ["linux/amd64"] });
    state.packages["libc6"] = "2.36-10";
    await assert.rejects(
      build({ locked: lock, frozen: true }),
      code("BUILD_LOCK_CHANGED", /linux\/arm64/u),
    );
    const both = await build({ locked: lock });
    assert.deepEqual(both.lock.packages["linux/amd64"], lock.packages["linux/amd64"]);
    assert.equal(both.lock.packages["linux/arm64"]?.at(-1)?.version, "2.36-10");
    assert.equal(both.lock.node.version, lock.node.version);
  });
});

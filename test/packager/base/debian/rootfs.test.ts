import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { rootfs } from "../../../../src/packager/base/debian/rootfs.ts";
import { canonicalEntries, textFile } from "../../../../src/packager/entry.ts";
import type { Entry } from "../../../../src/packager/entry.ts";

function text(entries: readonly Entry[], path: string): string {
  const entry = entries.find((one) => one.path === path);
  assert.ok(entry?.kind === "file" && "bytes" in entry.content, path);
  return Buffer.from(entry.content.bytes).toString();
}

suite("rootfs", () => {
  const certificates = [
    textFile("usr/share/ca-certificates/mozilla/B.crt", "BBB\n"),
    textFile("usr/share/ca-certificates/mozilla/A.crt", "AAA\n"),
    textFile("usr/lib/libc.so.6", "elf"),
  ];

  test("single certificates become one bundle, in the order of their names", () => {
    const entries = rootfs(certificates, "linux/amd64");
    assert.equal(text(entries, "etc/ssl/certs/ca-certificates.crt"), "AAA\nBBB\n");
    assert.ok(!entries.some(({ path }) => path.endsWith(".crt") && path.startsWith("usr/share")));
    assert.equal(text(entries, "usr/lib/libc.so.6"), "elf");
  });

  test("the module's user is known by number and name", () => {
    const entries = rootfs([], "linux/arm64");
    assert.match(text(entries, "etc/passwd"), /^edgewright:x:10001:10001:/mu);
    assert.match(text(entries, "etc/group"), /^edgewright:x:10001:$/mu);
  });

  for (const [platform, links] of [
    ["linux/amd64", ["bin", "lib", "lib64", "sbin"]],
    ["linux/arm64", ["bin", "lib", "sbin"]],
  ] as const) {
    test(`${platform} has the links of the usr merge, and everybody may write to /tmp`, () => {
      const entries = canonicalEntries(rootfs([], platform));
      const found = entries.filter(({ kind, path }) => kind === "symlink" && !path.includes("/"));
      assert.deepEqual(
        found.map(({ path }) => path),
        links,
      );
      const tmp = entries.find(({ path }) => path === "tmp");
      assert.ok(tmp?.kind === "directory" && tmp.mode === 0o1777);
    });
  }
});

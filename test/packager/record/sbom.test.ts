import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";

import type { Lock } from "../../../src/packager/base/lock.ts";
import { printSbom } from "../../../src/packager/record/sbom.ts";
import { deployment, endpoint } from "../support/endpoints.ts";
import { REPOSITORY } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

const hex = "ab".repeat(32);
const lock: Lock = {
  format: 1,
  edgewright: "0.1.0",
  onnxruntime: "1.30.0",
  base: {
    kind: "assembled",
    suite: "bookworm",
    packages: { "linux/amd64": [{ name: "libc6", version: "2.36-9+deb12u1", sha256: hex }] },
    node: { version: "24.1.0", integrity: {} },
  },
};

type Document = {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: { readonly name: string } };
  readonly components: readonly {
    readonly "bom-ref": string;
    readonly type: string;
    readonly licenses?: readonly { readonly expression?: string }[];
  }[];
  readonly dependencies: readonly { readonly dependsOn: readonly string[] }[];
};

async function sbom(t: TestContext, over: Partial<Lock> = {}): Promise<Document> {
  return sbomOf(await bundledPackages(t), over);
}

async function bundledPackages(t: TestContext): Promise<string> {
  const packageRoot = await tempFolder(t);
  await mkdir(join(packageRoot, "dist", "vendor", "pino"), { recursive: true });
  await writeFile(
    join(packageRoot, "dist", "vendor", "pino", "LICENSES.txt"),
    `pino 10.4.0 (MIT)\n\nCopyright (c) 2016 (MIT)\n\n${"-".repeat(72)}\n\n@pinojs/redact 0.4.0 (MIT)\n\ntext`,
  );
  return packageRoot;
}

async function sbomOf(packageRoot: string, over: Partial<Lock> = {}): Promise<Document> {
  const text = await printSbom({
    name: "registry.example:5000/pump:7",
    index: `sha256:${hex}`,
    created: "1970-01-01T00:00:00Z",
    platforms: ["linux/amd64"],
    lock: { ...lock, ...over },
    endpoint: endpoint({
      deployments: [deployment({ model: { name: "pump", version: "3", path: "/m", sha256: hex } })],
    }),
    packageRoot,
  });
  return JSON.parse(text) as Document;
}

suite("printSbom", () => {
  test("is what the public schema asks for, with all that is really bundled", async () => {
    const judge = new JsonStrictValidator(Version.v1dot6);
    const document = await sbomOf(REPOSITORY);
    assert.equal(await judge.validate(JSON.stringify(document)), null);
    const licences = document.components.flatMap(({ licenses = [] }) => licenses);
    assert.ok(licences.some(({ expression }) => expression === "Apache-2.0"));
    const wrong = { ...document, components: [{ type: "nonsense", name: "x" }] };
    assert.notEqual(await judge.validate(JSON.stringify(wrong)), null);
  });

  test("names system packages, Node, ONNX Runtime, what is bundled, and models", async (t) => {
    const { components, metadata, serialNumber, dependencies } = await sbom(t);
    const refs = components.map((component) => component["bom-ref"]);
    assert.deepEqual(refs, [
      "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=bookworm",
      "pkg:generic/node@24.1.0",
      "pkg:npm/edgewright@0.1.0",
      "pkg:npm/onnxruntime-node@1.30.0",
      "pkg:npm/onnxruntime-common@1.30.0",
      "pkg:npm/pino@10.4.0",
      "pkg:npm/%40pinojs/redact@0.4.0",
      "model:pump@3",
    ]);
    assert.deepEqual(dependencies[0]?.dependsOn, refs);
    assert.equal(metadata.component.name, "registry.example:5000/pump");
    assert.equal(metadata.timestamp, "1970-01-01T00:00:00Z");
    assert.match(
      serialNumber,
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/u,
    );
  });

  test("a base that is an image is named by its layers", async (t) => {
    const layer = {
      name: "system",
      digest: `sha256:${hex}`,
      bytes: 1,
      diffId: `sha256:${hex}`,
    } as const;
    const base = {
      kind: "image",
      node: "/usr/bin/node",
      platforms: { "linux/amd64": { layers: [layer] } },
    } as const;
    const { components } = await sbom(t, {
      base: structuredClone(base) as unknown as Lock["base"],
    });
    assert.equal(components[0]?.["bom-ref"], `base@sha256:${hex}`);
    assert.equal(components[0]?.type, "container");
  });
});

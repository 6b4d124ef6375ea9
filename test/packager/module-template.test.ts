import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { imageConfig } from "../../src/packager/plan.ts";
import { endpoint } from "./support/endpoints.ts";
import { REPOSITORY } from "./support/repository.ts";

function read(path: string): string {
  return readFileSync(`${REPOSITORY}/${path}`, "utf8");
}

const dockerfile = read("Dockerfile");
const { version } = JSON.parse(read("package.json")) as { version: string };

suite("the Dockerfiles", () => {
  test("the root one runs what the assembler runs", () => {
    const facts = {
      edgewright: "",
      onnxruntime: "",
      base: "",
      node: "/usr/local/bin/node",
      created: "",
      modelSha256: new Map(),
    };
    const config = imageConfig(endpoint(), facts);
    for (const [name, value] of Object.entries(config.env))
      if (!["PATH", "SSL_CERT_FILE"].includes(name))
        assert.ok(dockerfile.includes(`${name}=${value}`), name);
    assert.ok(
      dockerfile.includes(`ENTRYPOINT ${JSON.stringify(config.entrypoint).replaceAll(",", ", ")}`),
    );
    assert.ok(dockerfile.includes(`EXPOSE ${config.ports.join(" ")}`));
    assert.ok(dockerfile.includes(`USER ${config.user}`));
    assert.ok(dockerfile.includes(`WORKDIR ${config.workingDir}`));
    assert.ok(dockerfile.includes(`STOPSIGNAL ${config.stopSignal}`));
    assert.match(dockerfile, /^ARG NODE_VERSION=24$/mu);
  });

  test("those of the template stand on the image that the root one builds", () => {
    const built = /docker build -t (?<tag>\S+) /u.exec(dockerfile)?.groups?.["tag"];
    assert.equal(built, `edgewright-runtime:${version}`);
    for (const [name, architecture] of [
      ["amd64", "amd64"],
      ["arm64v8", "arm64"],
    ]) {
      const text = read(`module-template/Dockerfile.${name}`);
      assert.ok(text.includes(`ARG RUNTIME_IMAGE=${built}\n`));
      assert.ok(text.includes(`FROM --platform=linux/${architecture} `));
    }
  });

  test("module.json names Dockerfiles that are there", () => {
    const module = JSON.parse(read("module-template/module.json")) as {
      image: { tag: { version: string; platforms: Record<string, string> } };
    };
    assert.equal(module.image.tag.version, version);
    for (const file of Object.values(module.image.tag.platforms))
      assert.ok(read(`module-template/${file}`).includes("COPY endpoint.json"));
  });
});

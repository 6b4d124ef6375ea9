import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { openEngine } from "../../../src/packager/engine/engine.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function fakeEngine(t: TestContext, answerLoad: RequestListener): Promise<string> {
  const socket = join(await tempFolder(t), "engine.sock");
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url.includes("_ping")) response.end("OK");
    else if (url.includes("/images/load"))
      request.resume().on("end", () => {
        answerLoad(request, response);
      });
    else response.writeHead(404).end(JSON.stringify({ message: "No such image" }));
  });
  server.listen(socket);
  await once(server, "listening");
  t.after(() => server.close());
  return `unix://${socket}`;
}

async function* archive(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("tar");
}

function refusal(text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.problems[0]?.code, "BUILD_ENGINE");
    assert.match(error.message, text);
    return true;
  };
}

suite("openEngine", () => {
  test("an engine that is not there is named by its socket", async (t) => {
    const address = `unix://${join(await tempFolder(t), "none.sock")}`;
    await assert.rejects(
      openEngine({ DOCKER_HOST: address }),
      refusal(/none\.sock refuses: ENOENT/u),
    );
  });

  test("an address of an unknown kind is refused", async () => {
    await assert.rejects(
      openEngine({ DOCKER_HOST: "ssh://me@host" }),
      refusal(/DOCKER_HOST is "ssh/u),
    );
  });

  test("an error inside an answer of 200 is found", async (t) => {
    const address = await fakeEngine(t, (_, response) => {
      response.end('{"status":"Loading"}\n{"error":"no space left on device"}\n');
    });
    const engine = await openEngine({ DOCKER_HOST: address });
    await assert.rejects(engine.load(archive(), "a:1"), refusal(/no space left on device/u));
  });

  test("an engine that does not know the image afterwards has not loaded it", async (t) => {
    const address = await fakeEngine(t, (_, response) => {
      response.end('{"stream":"Loaded image: other:1"}\n');
    });
    const engine = await openEngine({ DOCKER_HOST: address });
    await assert.rejects(engine.load(archive(), "a:1"), refusal(/No such image/u));
  });
});

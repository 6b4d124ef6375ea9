import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { suite, test } from "node:test";

import { FIXTURE_MODELS } from "../../support/repository.ts";
import { served } from "../../support/served.ts";

const BODY = '{"data": [[1, 2, 3]]}';
const REQUEST = `POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

async function connected(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.setEncoding("utf8");
  await once(socket, "connect");
  return socket;
}

/** What arrives until the other side closes. */
async function rest(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: string) => (text += chunk));
  if (!socket.closed) await once(socket, "close");
  return text;
}

suite("the end of a runtime", () => {
  test("a request whose head has arrived is answered, with Connection: close", async () => {
    const { url, stop } = await served({ blue: { path: `${FIXTURE_MODELS}double.onnx` } });
    const socket = await connected(url);
    const answer = rest(socket);
    // The head and half of the body: the server has begun to read when it answers another request.
    socket.write(REQUEST.slice(0, -10));
    await (await fetch(`${url}/health/live`, { headers: { connection: "close" } })).text();
    const stopped = stop();
    socket.write(REQUEST.slice(-10));
    assert.match(
      await answer,
      /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*"y":\[\[2,4,6\]\]/i,
    );
    await stopped;
  });

  test("an idle connection may bring one more request, which is its last", async () => {
    const { url, stop } = await served({ blue: { path: `${FIXTURE_MODELS}double.onnx` } });
    const socket = await connected(url);
    socket.write(REQUEST);
    await once(socket, "data");
    const answer = rest(socket);
    const stopped = stop();
    socket.write(REQUEST);
    assert.match(await answer, /HTTP\/1\.1 200 OK[^]*connection: close/i);
    await stopped;
  });

  test("an idle connection that stays silent is closed, and new ones are refused", async () => {
    const { url, stop } = await served({ blue: { path: `${FIXTURE_MODELS}double.onnx` } });
    const socket = await connected(url);
    await stop();
    assert.equal(await rest(socket), "");
    await assert.rejects(connected(url), { code: "ECONNREFUSED" });
  });
});

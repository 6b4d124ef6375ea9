import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parsePeer } from "../../../bench/servers/peer.ts";

const MODEL = {
  name: "mnist",
  path: "mnist.onnx",
  input: { name: "X", dims: [1, 4] },
  made: false,
};
const JSON_CASE = { name: "mnist-json", model: MODEL, encoding: "json" } as const;
const BINARY_CASE = { name: "mnist-binary", model: MODEL, encoding: "binary" } as const;

suite("a peer", () => {
  for (const { text, url } of [
    { text: "kserve=http://127.0.0.1:8080@42", url: "http://127.0.0.1:8080/v2/models/mnist/infer" },
    {
      text: "kserve=http://127.0.0.1:8080/@42",
      url: "http://127.0.0.1:8080/v2/models/mnist/infer",
    },
    { text: "x=http://a:1/v2/models/m/infer@42", url: "http://a:1/v2/models/m/infer" },
    { text: "x=http://a:1/{model}/infer@42", url: "http://a:1/mnist/infer" },
    { text: "azure=http://a:1/score@42", url: "http://a:1/score" },
  ]) {
    test(`${text} is asked at ${url}`, () => {
      const peer = parsePeer(text);
      assert.equal(peer.pid, 42);
      assert.equal(peer.request(JSON_CASE)?.url, url);
    });
  }

  test("at /score is asked for no binary case", () => {
    assert.equal(parsePeer("azure=http://a:1/score@42").request(BINARY_CASE), undefined);
    assert.notEqual(parsePeer("x=http://a:1@42").request(BINARY_CASE), undefined);
  });

  for (const text of ["http://a:1@42", "x=http://a:1", "x=a:1@42", "x=http://a:1@me"]) {
    test(`${text} is refused with the form`, () => {
      assert.throws(() => parsePeer(text), /NAME=URL@PID/);
    });
  }
});

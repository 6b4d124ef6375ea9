/** Does a message about a value say what is wrong with that value? */

import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { suite, test } from "node:test";

import { loadSpec } from "../../src/spec/load.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { load } from "./loading.ts";

const spec = (more: string, model = "{ path: ./net.onnx }"): string =>
  `name: pump-monitor\ndeployments:\n  blue:\n    model: ${model}\n${more}`;
const limits = (text: string): string => spec(`    resources: { limits: { ${text} } }\n`);
const requests = (text: string): string => spec(`    request_settings: { ${text} }\n`);

const REFUSED = [
  [limits("memory: 99999999Ei"), /"99999999Ei", must be an amount of memory from 1 MiB to 1 PiB/],
  [limits("memory: 256"), /is 256 bytes, must be an amount of memory from 1 MiB/],
  [limits("cpu: 1e30"), /is 1e\+30, must be a number of CPUs from 0\.01 to 10000/],
  [limits("cpu: 0.000000001"), /is 1e-9, must be a number of CPUs from 0\.01 to 10000/],
  [spec("edge: { platforms: [] }\n"), /is an empty list, must be a list of at least one platform/],
  [spec("", '{ path: "" }'), /`path` is "", must be the path of a model's file or folder/],
  [spec("", "{ path: /dev/null }"), /\/dev\/null is no regular file, must be an ONNX file/],
  [requests("request_timeout_ms: 2147483648"), /a whole number of milliseconds from 1 to 3600000/],
  [spec("    instance_count: 1000000000\n"), /must be a whole number from 1 to 1000/],
] as const;

suite("a value out of its bounds", () => {
  for (const [text, message] of REFUSED) {
    test(String(message), async (t) => {
      const cwd = tempFolder(t, { "net.onnx": "", "spec.yml": text });
      const { problems } = await loadSpec(["spec.yml"], { cwd, modelStore: `${cwd}/store` });
      const errors = problems.filter(({ severity }) => severity === "error");
      assert.equal(errors.length, 1, JSON.stringify(problems));
      assert.match(errors[0]?.message ?? "", message);
      assert.equal(errors[0]?.at?.file, "spec.yml");
      assert.match(errors[0].hint ?? "", /^[A-Z].*\.$/);
    });
  }

  test("the bounds themselves are fine", async (t) => {
    for (const text of [
      limits("cpu: 0.01, memory: 1Mi"),
      limits("cpu: 10000, memory: 1024Ti"),
      requests("request_timeout_ms: 3600000, max_queue_wait_ms: 3600000"),
      requests("max_concurrent_requests_per_instance: 1000"),
      spec("    instance_count: 1000\n"),
    ])
      await load(t, text);
  });

  test("a device in the place of a model is not read", async (t) => {
    const cwd = tempFolder(t, { "spec.yml": spec("", "{ path: ./models }"), "models/README": "" });
    symlinkSync("/dev/zero", `${cwd}/models/net.onnx`);
    const { problems } = await loadSpec(["spec.yml"], { cwd, modelStore: `${cwd}/store` });
    assert.match(problems.map(({ message }) => message).join(), /net\.onnx is no regular file/);
  });
});

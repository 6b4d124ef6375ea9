import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderRequestScript } from "../../../bench/load/request-script.ts";

suite("the script for wrk", () => {
  test("posts the file with the headers, quoted", () => {
    const script = renderRequestScript('/tmp/a "b"/x.body', { "Content-Type": "text/plain" });
    assert.match(script, /^wrk\.method = "POST"$/m);
    assert.match(script, /^wrk\.headers\["Content-Type"\] = "text\/plain"$/m);
    assert.ok(script.includes(String.raw`io.open("/tmp/a \"b\"/x.body", "rb")`));
  });
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseWrkOutput } from "../../../bench/load/wrk-output.ts";

const GOOD = `Running 2s test @ http://127.0.0.1:5001/score
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   612.53us  114.02us   4.12ms   92.01%
    Req/Sec    13.10k   731.90    14.05k    80.95%
  Latency Distribution
     50%  598.00us
     75%  640.00us
     90%  701.00us
     99%    1.02ms
  27371 requests in 2.10s, 6.79MB read
Requests/sec:  13033.58
Transfer/sec:      3.23MB
`;

suite("what wrk prints", () => {
  test("gives requests, their rate and latencies in milliseconds", () => {
    assert.deepEqual(parseWrkOutput(GOOD), {
      requests: 27_371,
      requestsPerSecond: 13_033.58,
      p50Ms: 0.598,
      p99Ms: 1.02,
      failed: 0,
    });
  });

  test("counts refusals and broken connections as failed", () => {
    const bad = GOOD.replace(
      "Requests/sec",
      "  Socket errors: connect 1, read 20, write 0, timeout 3\n  Non-2xx or 3xx responses: 400\nRequests/sec",
    );
    assert.equal(parseWrkOutput(bad).failed, 424);
  });

  for (const [written, ms] of [
    ["5.00us", 0.005],
    // Units of one letter are padded.
    ["1.50s ", 1500],
    ["1.20m ", 72_000],
  ] as const) {
    test(`reads ${written} as ${ms} ms`, () => {
      assert.equal(parseWrkOutput(GOOD.replace("598.00us", written)).p50Ms, ms);
    });
  }

  test("is shown where it holds no figures", () => {
    assert.throws(
      () => parseWrkOutput("unable to connect to 127.0.0.1:1 Connection refused"),
      /unable to connect/,
    );
  });
});

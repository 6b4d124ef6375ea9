import assert from "node:assert/strict";
import { connect } from "node:net";
import { suite, test } from "node:test";

import { FIXTURE_MODELS } from "../support/repository.ts";
import { score, served } from "../support/served.ts";

/** Numbers that look random and are the same at every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const GOOD = '{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2.5,3e2]}]}';

/** Room for every client: a refusal would say nothing about the request. */
const ROOMY = {
  blue: {
    path: `${FIXTURE_MODELS}double.onnx`,
    settings: { maxConcurrentRequestsPerInstance: 64 },
  },
};

type Attack = (random: (below: number) => number) => string | Buffer;

const post = (body: string | Buffer, headers = "", length = Buffer.byteLength(body)): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /score HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}content-length: ${length}\r\n\r\n`,
    ),
    Buffer.from(body),
  ]);

const NOISE = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "1e999",
  "-",
  "01",
  "NaN",
  "\u0000",
  "é",
];

const ATTACKS: Readonly<Record<string, Attack>> = {
  "a body cut off": (random) => post(GOOD.slice(0, random(GOOD.length - 1))),
  "a character changed": (random) => {
    const at = random(GOOD.length);
    return post(
      GOOD.slice(0, at) +
        (NOISE[random(NOISE.length)] ?? "") +
        GOOD.slice(at + 1 + random(4)) +
        "]",
    );
  },
  "bytes that are not UTF-8": (random) => {
    const body = Buffer.from(GOOD);
    body[3 + random(3)] = 0x80 + random(127);
    return post(body);
  },
  "deep nesting": (random) => post(`{"data": ${"[".repeat(1 + random(5000))}`),
  "a huge shape": (random) =>
    post(GOOD.replace("[1,3]", `[${2 ** random(53)},${2 ** random(53)}]`).replace("x", "x ")),
  "a shape that is none": (random) =>
    post(GOOD.replace("[1,3]", ['"a"', "[-1]", "[1.5]", "{}", "null", "[[1]]"][random(6)] ?? "")),
  "a wrong binary length": (random) =>
    post(GOOD, `inference-header-content-length: ${GOOD.length + 1 + random(1e6)}\r\n`),
  "a header length that is none": (random) =>
    post(GOOD, `inference-header-content-length: ${["-1", "x", "1e3", " "][random(4)]}\r\n`),
  "raw bytes of the wrong size": (random) =>
    post(Buffer.alloc(1 + random(11)), "content-type: application/octet-stream\r\n"),
  "a body that is not gzip": () => post(GOOD, "content-encoding: gzip\r\n"),
  "a broken request line": (random) =>
    `${"GET".slice(0, random(3))} ${"/".repeat(random(9))} HTTP/9.9\r\n\r\n`,
  "a header without a name": () => "POST /score HTTP/1.1\r\n: x\r\n\r\n",
  "two lengths": () =>
    `POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n{}`,
  "length and chunks": () =>
    "POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
  "a broken chunk": () =>
    "POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
  "a flood of headers": () =>
    `GET / HTTP/1.1\r\nhost: x\r\n${"a: bbbbbbbbbb\r\n".repeat(5000)}\r\n`,
  "a path that is none": (random) =>
    `GET /${"%".repeat(random(9))}${"../".repeat(random(9))}x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  "prototype tricks": () => post('{"__proto__": {"inputs": []}, "constructor": 1}'),
};

/** Sends bytes; gives what comes back until the other side closes. */
function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
    socket.setTimeout(20_000, () =>
      reject(new Error(`no answer to ${bytes.toString().slice(0, 200)}`)),
    );
    socket.once("close", () => resolve(answer));
    // The other side may close while we still write; what it said before is there.
    socket.once("error", () => undefined);
  });
}

suite("hostile requests", () => {
  test("ten thousand of them are each told what is wrong, and the server serves on", async () => {
    const { url, stop } = await served(ROOMY);
    const port = Number(new URL(url).port);
    const random = createRandom(7);
    const kinds = Object.entries(ATTACKS);
    try {
      let sent = 0;
      const client = async (): Promise<void> => {
        while (sent < 10_000) {
          const [name, attack] = kinds[sent % kinds.length] as (typeof kinds)[number];
          sent += 1;
          const bytes = attack(random);
          const answer = await exchange(port, bytes);
          const context = `${name}: ${bytes.toString().slice(-200)} → ${answer.slice(0, 300)}`;
          assert.match(answer, /^HTTP\/1\.1 4\d\d /, context);
          assert.match(answer, /"message":"[^"]/, context);
        }
      };
      await Promise.all(Array.from({ length: 8 }, client));
      const { status, body } = await score(url, GOOD);
      assert.equal(status, 200, JSON.stringify(body));
    } finally {
      await stop();
    }
  });

  test("what is no HTTP/1.1 has a code of its own and an id, whoever notices it", async () => {
    const { url, stop } = await served(ROOMY);
    const port = Number(new URL(url).port);
    try {
      for (const [bytes, status, code] of [
        ["GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "REQUEST_HTTP"],
        [
          "GET / HTTP/1.1\r\nhost: x\r\nexpect: foo\r\nconnection: close\r\n\r\n",
          417,
          "REQUEST_EXPECT",
        ],
        ["GARBAGE\r\n\r\n", 400, "REQUEST_HTTP"],
        [`GET / HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(20_000)}\r\n\r\n`, 431, "REQUEST_HEADERS"],
      ] as const) {
        const answer = await exchange(port, bytes);
        const [head = "", body = ""] = answer.split("\r\n\r\n");
        assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
        assert.match(head, /^x-request-id: [\da-f-]{36}$/im);
        const { error } = JSON.parse(body) as { error: { code: string; message: string } };
        assert.equal(error.code, code);
        assert.ok(error.message.length > 20, error.message);
      }
      const http10 = await exchange(port, "GET / HTTP/1.0\r\n\r\n");
      assert.match(http10, /^HTTP\/1\.1 200 /);
      const body = '{"data": [[1, 2, 3]]}';
      const expecting = `POST /score HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      assert.match(await exchange(port, expecting), /^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 /);
    } finally {
      await stop();
    }
  });

  test("good requests have their answers before the one that is no HTTP", async () => {
    const { url, stop } = await served(ROOMY);
    const port = Number(new URL(url).port);
    const good = `POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: ${GOOD.length}\r\n\r\n${GOOD}`;
    const broken = "POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    try {
      for (const last of ["GARBAGE\r\n\r\n", broken]) {
        const answer = await exchange(port, good + good + good + last);
        const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
        assert.deepEqual(statuses, ["200", "200", "200", "400"], answer);
      }
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /requests_total\{deployment="blue",code="200"\} 6\n/);
      assert.match(metrics, /requests_total\{deployment="",code="400"\} 1\n/);
      assert.doesNotMatch(metrics, /code="499"/);
    } finally {
      await stop();
    }
  });

  test("a sender that stalls holds nobody else up", async () => {
    const { url, stop } = await served(ROOMY);
    const port = Number(new URL(url).port);
    const stalled = Array.from({ length: 50 }, () => connect(port, "127.0.0.1"));
    try {
      for (const socket of stalled)
        socket.write("POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
      assert.equal((await score(url, GOOD)).status, 200);
    } finally {
      for (const socket of stalled) socket.destroy();
      await stop();
    }
  });

  test("pipelined requests are answered in order", async () => {
    const { url, stop } = await served(ROOMY);
    try {
      const one = (value: number, more = ""): string => {
        const body = `{"data": [[${value}, 0, 0]]}`;
        return `POST /score HTTP/1.1\r\nhost: x\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
      };
      const answer = await exchange(
        Number(new URL(url).port),
        one(1) + one(2) + one(3, "connection: close\r\n"),
      );
      const first = [...answer.matchAll(/"y":\[\[(\d+)/g)].map(([, value]) => value);
      assert.deepEqual(first, ["2", "4", "6"]);
    } finally {
      await stop();
    }
  });
});

/**
 * The floor that serving is held against: `node:http` and `session.run`, nothing checked, nothing
 * limited. `node bare-server.js MODEL`; prints `{"url"}` when it is ready. JSON, or raw float32.
 */

import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import { Tensor } from "onnxruntime-node";
import { openBareSession } from "./bare-session.ts";

type JsonRequest = { readonly inputs: readonly [{ readonly data: readonly unknown[] }] };

const [path = ""] = process.argv.slice(2);
const { session, input, dims } = await openBareSession(path);

async function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(chunks.length === 1 ? only(chunks) : Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

function only(chunks: readonly Buffer[]): Buffer {
  return chunks[0] ?? Buffer.alloc(0);
}

/** A copy: a tensor starts at a multiple of four bytes, a chunk of a socket anywhere. */
function rawNumbers({ buffer, byteOffset, byteLength }: Buffer): Float32Array {
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** Nested lists are what most clients send, so even the floor takes them. */
function jsonNumbers({ inputs: [{ data }] }: JsonRequest): number[] {
  return data.flat(Number.POSITIVE_INFINITY) as number[];
}

async function answer(request: IncomingMessage): Promise<string | Buffer> {
  const body = await readBody(request);
  if (body.byteLength === 0) return "up";
  const json = request.headers["content-type"] === "application/json";
  const data = json
    ? Float32Array.from(jsonNumbers(JSON.parse(body.toString()) as JsonRequest))
    : rawNumbers(body);
  const results = Object.entries(await session.run({ [input]: new Tensor("float32", data, dims) }));
  if (!json) {
    const parts = results.map(([, { data: of }]) => of as Float32Array);
    return Buffer.concat(parts.map((of) => Buffer.from(of.buffer, of.byteOffset, of.byteLength)));
  }
  const outputs = results.map(([name, { dims: shape, data: of }]) => ({
    name,
    shape,
    datatype: "FP32",
    data: Array.from(of as Float32Array),
  }));
  return JSON.stringify({ outputs });
}

const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.end(body),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});

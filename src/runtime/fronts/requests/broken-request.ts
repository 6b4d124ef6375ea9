/** What is not HTTP still gets an answer, written by hand: no request object exists. */

import type { Duplex } from "node:stream";

import type { Code } from "../../../core/codes.ts";

type Answer = { readonly status: string; readonly code: Code; readonly message: string };

const ANSWERS: Readonly<Record<string, Answer>> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    code: "REQUEST_HEADERS",
    message: "the request's headers are larger than 16 KiB",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    code: "REQUEST_SLOW",
    message: "the request did not arrive in time",
  },
};

export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  requestId: string,
): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const { status, code, message } = ANSWERS[error.code ?? ""] ?? {
    status: "400 Bad Request",
    code: "REQUEST_HTTP",
    message: `the request is not HTTP/1.1: ${error.message}`,
  };
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status}\r\nx-request-id: ${requestId}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** What is not HTTP still gets an answer, written by hand: no request object exists. */

import type { Duplex } from "node:stream";

import type { Code } from "../../../core/codes.ts";

type Answer = {
  readonly status: number;
  readonly reason: string;
  readonly code: Code;
  readonly message: string;
};

const ANSWERS: Readonly<Record<string, Answer>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: "Request Header Fields Too Large",
    code: "REQUEST_HEADERS",
    message: "the request's headers are larger than 16 KiB",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: "Request Timeout",
    code: "REQUEST_SLOW",
    message: "the request did not arrive in time",
  },
};

/** What breaks a connection is answered so. */
export function brokenStatus(error: NodeJS.ErrnoException): number {
  return answerOf(error).status;
}

function answerOf(error: NodeJS.ErrnoException): Answer {
  return (
    ANSWERS[error.code ?? ""] ?? {
      status: 400,
      reason: "Bad Request",
      code: "REQUEST_HTTP",
      message: `the request is not HTTP/1.1: ${error.message}`,
    }
  );
}

/** Whether it is the connection that ended, and no request that is wrong. */
export function isLost(error: NodeJS.ErrnoException, socket: Duplex): boolean {
  return !socket.writable || error.code === "ECONNRESET";
}

export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  requestId: string,
): void {
  if (isLost(error, socket)) {
    socket.destroy();
    return;
  }
  const { status, reason, code, message } = answerOf(error);
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nx-request-id: ${requestId}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

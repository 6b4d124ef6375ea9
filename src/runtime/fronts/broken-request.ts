/** What is not HTTP still gets an answer, written by hand: no request object exists. */

import type { Duplex } from "node:stream";

const ANSWERS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "the request's headers are larger than 16 KiB",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not arrive in time"],
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
  const [status, message] = ANSWERS[error.code ?? ""] ?? [
    "400 Bad Request",
    `the request is not HTTP/1.1: ${error.message}`,
  ];
  const body = JSON.stringify({ error: { code: "ROUTE_UNKNOWN", message } });
  const id = status.startsWith("431") ? "" : `x-request-id: ${requestId}\r\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\n${id}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

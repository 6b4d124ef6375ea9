/** The line that the inference server logs of every request. @source azureml-contract 4.12 */

import type { Log, LogFields } from "../../../core/ports.ts";
import type { ScoringRequest } from "../../../core/scoring.ts";
import type { Reply } from "./conversation.ts";

type Asked = Pick<ScoringRequest, "method" | "query">;

export type WriteRequestLine = (pid: number, request: Asked, reply: Reply) => void;

/** `2026-11-23 07:50:12,808 I [29643] azmlinfsrv - POST /score 200 0.479ms 1` */
export function requestLineWriter(log: Log, fields: LogFields): WriteRequestLine {
  const write = log.soon ?? ((line: () => string) => log.info(line(), fields));
  return (pid, request, reply) => write(() => requestLine(pid, request, reply), fields);
}

function requestLine(
  pid: number,
  { method, query }: Asked,
  { status, body, tookMs }: Reply,
): string {
  const url = query === "" ? "/score" : `/score?${query}`;
  const length = body instanceof Uint8Array ? String(body.length) : "N/A";
  return `${stamp()} I [${pid}] azmlinfsrv - ${method} ${url} ${status} ${tookMs}ms ${length}`;
}

/** Python's `asctime`, in UTC. */
function stamp(): string {
  return new Date().toISOString().replace("T", " ").replace(".", ",").slice(0, -1);
}

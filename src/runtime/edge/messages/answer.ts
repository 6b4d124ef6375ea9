/** What became of one request: a result, or a fault and what can be said about it. */

import { isJson } from "../../../core/is-json.ts";

export type Answer = {
  readonly status: number;
  readonly reason?: string;
  readonly body: string;
  /** Who answered; empty where nobody did. */
  readonly deployment: string;
};

export function fault(code: string, reason: string, message: string): Answer {
  const body = JSON.stringify({ error: { code, message } });
  return { status: 424, reason, body, deployment: "" };
}

export function reasonOf({ reason, body }: Answer): string {
  if (reason !== undefined) return reason;
  const { error } = errorObject(body, undefined) as { error?: { code?: unknown } };
  if (typeof error?.code !== "string" || error.code === "") return "failed";
  // Half a surrogate pair, as JSON allows it, has no percent-encoding.
  return Buffer.from(error.code).toString();
}

/** As it stands in an array of answers: what failed is an error object with its status. */
export function itemText({ status, reason, body }: Answer): string {
  // A script may say anything, and it must not make the others unreadable.
  if (status < 400) return isJson(body) ? body : JSON.stringify(body);
  try {
    return JSON.stringify({ ...errorObject(body, reason), status });
  } catch {
    // It may also nest its fault deeper than what can be written.
    return JSON.stringify({ error: { code: reason ?? "", message: body }, status });
  }
}

function errorObject(body: string, reason: string | undefined): object {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON: the text is the message.
  }
  return { error: { code: reason ?? "", message: body } };
}

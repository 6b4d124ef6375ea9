/** What goes out: a result or a fault, and how it lies in the outbox. */

import type { PropertyBag } from "../../core/property-bag.ts";
import type { Output } from "./client.ts";

export type Result = Output & {
  /** Of the input that it answers. */
  readonly key: string;
};

export function renderResult({ key, name, bag, body }: Result): Uint8Array {
  return Buffer.from(`${JSON.stringify({ key, name, bag })}\n${body}`);
}

export function parseResult(payload: Uint8Array): Result {
  const text = Buffer.from(payload).toString();
  const end = text.indexOf("\n");
  const head = JSON.parse(text.slice(0, end)) as { key: string; name: string; bag: PropertyBag };
  return { ...head, body: text.slice(end + 1) };
}

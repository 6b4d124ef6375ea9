/**
 * What goes out, a result or a fault, and how it lies in the outbox's journal beside marks of what
 * became of it and of its input. Times are milliseconds that modules on this volume have seen pass.
 */

import type { PropertyBag } from "../../../core/property-bag.ts";
import type { Output } from "../hub/client.ts";

export type Result = Output & {
  /** Of the input that it answers. */
  readonly key: string;
};

/** Kinds of records. */
export const RESULT = 1;
export const TAKEN = 2;
export const BEGAN = 3;
export const STARTED = 4;
export const STOPPED = 5;

export type ResultHead = { readonly number: number; readonly at: number };

export function renderResult({ key, name, bag, body }: Result): Buffer {
  return Buffer.from(`${JSON.stringify({ key, name, bag })}\n${body}`);
}

/** `number at {…}` and a body. */
export function renderStored(result: Result, { number, at }: ResultHead): Buffer {
  return Buffer.concat([Buffer.from(`${number} ${Math.round(at)} `), renderResult(result)]);
}

/** @throws Error where it is no result */
export function parseStored(payload: Uint8Array): ResultHead & { readonly result: Result } {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
  const head = /^(?<number>\d+) (?<at>\d+) /.exec(text);
  const end = text.indexOf("\n");
  if (head?.groups === undefined || end === -1) throw new Error("it is no result");
  const { number, at } = head.groups;
  const json = text.slice(head[0].length, end);
  const rest = JSON.parse(json) as { key: string; name: string; bag: PropertyBag };
  return { number: Number(number), at: Number(at), result: { ...rest, body: text.slice(end + 1) } };
}

/** Every result up to this number is with the hub, or was given up. */
export function renderTaken({ number, at }: ResultHead): string {
  return `${number} ${Math.round(at)}`;
}

/** @throws Error where it is no such mark */
export function parseTaken(text: string): { readonly number: number; readonly at?: number } {
  const mark = /^(?<number>\d+)(?: (?<at>\d+))?$/.exec(text);
  if (mark?.groups === undefined) throw new Error("it has no number");
  const { number, at } = mark.groups;
  return { number: Number(number), ...(at !== undefined && { at: Number(at) }) };
}

/**
 * How do results, and marks of what became of them and of their inputs, lie in the outbox's journal?
 * Each carries the time, in milliseconds that modules on this volume have seen pass.
 */

import { parseResult, renderResult } from "./result.ts";
import type { Result } from "./result.ts";

export const RESULT = 1;
export const TAKEN = 2;
export const BEGAN = 3;
export const STARTED = 4;
export const STOPPED = 5;

export type ResultHead = { readonly number: number; readonly at: number };

/** `number at {…}` and a body. */
export function renderStored(result: Result, { number, at }: ResultHead): Buffer {
  return Buffer.concat([Buffer.from(`${number} ${Math.round(at)} `), renderResult(result)]);
}

/** @throws Error where it is no result */
export function parseStored(payload: Uint8Array): ResultHead & { readonly result: Result } {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const start = bytes.indexOf(0x7b);
  const head = /^(?<number>\d+) (?<at>\d+) $/.exec(bytes.toString("latin1", 0, Math.max(0, start)));
  if (head?.groups === undefined) throw new Error("it has no number");
  const { number, at } = head.groups;
  return { number: Number(number), at: Number(at), result: parseResult(bytes.subarray(start)) };
}

/** Every result up to this number is with the hub, or was given up. */
export function renderTaken({ number, at }: ResultHead): string {
  return `${number} ${Math.round(at)}`;
}

/** @throws Error where it is none */
export function parseTaken(text: string): { readonly number: number; readonly at?: number } {
  const mark = /^(?<number>\d+)(?: (?<at>\d+))?$/.exec(text);
  if (mark?.groups === undefined) throw new Error("it has no number");
  const { number, at } = mark.groups;
  return { number: Number(number), ...(at !== undefined && { at: Number(at) }) };
}

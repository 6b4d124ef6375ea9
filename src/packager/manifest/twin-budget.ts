/** Does a twin fit into what the hub takes? */

import type { Problem } from "../../core/problem.ts";
import { isObject } from "./json.ts";
import type { Json } from "./json.ts";

/** @source MicrosoftDocs: articles/iot-hub/iot-hub-devguide-device-twins.md (Device twin size) */
const TWIN_BYTES = 32 * 1024;
const STRING_BYTES = 4096;
const NUMBER_BYTES = 8;
const BOOLEAN_BYTES = 4;

export function checkTwin(owner: string, desired: Json): readonly Problem[] {
  const problems: Problem[] = [];
  const bytes = twinBytes(desired);
  if (bytes > TWIN_BYTES) {
    problems.push({
      code: "MANIFEST_TWIN_SIZE",
      severity: "error",
      message: `The desired properties of ${owner} take ${bytes} bytes; a twin holds ${TWIN_BYTES}.`,
      hint: "Shorten edge.env, or put fewer modules on the device.",
    });
  }
  for (const { path, length } of longStrings(desired, owner)) {
    problems.push({
      code: "MANIFEST_TWIN_SIZE",
      severity: "error",
      message: `${path} has ${length} bytes; a twin takes text of ${STRING_BYTES}.`,
      hint: "Shorten the value, or put it into the image.",
    });
  }
  return problems;
}

/** As the hub counts: keys and text in UTF-8, structure for nothing. */
export function twinBytes(value: Json): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "number") return NUMBER_BYTES;
  if (typeof value === "boolean") return BOOLEAN_BYTES;
  return Object.entries(value ?? {}).reduce(
    (sum, [key, inner]) =>
      sum + (Array.isArray(value) ? 0 : Buffer.byteLength(key)) + twinBytes(inner),
    0,
  );
}

function longStrings(value: Json, path: string): { path: string; length: number }[] {
  if (typeof value === "string") {
    const length = Buffer.byteLength(value);
    return length > STRING_BYTES ? [{ path, length }] : [];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => longStrings(inner, `${path}.${key}`));
}

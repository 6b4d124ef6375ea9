/**
 * What may stand in a twin? The rules of IoT Hub, which edgeHub applies as well.
 *
 * @source MicrosoftDocs/azure-docs: articles/iot-hub/iot-hub-devguide-device-twins.md; Azure/iotedge: ReportedPropertiesValidator.cs
 */

import type { Json, JsonObject } from "./merge-patch.ts";

const MAX_TWIN_BYTES = 32 * 1024;
const MAX_TEXT_BYTES = 4096;
const MAX_KEY_BYTES = 1024;
const MAX_DEPTH = 10;
const MAX_INTEGER = 2 ** 52 - 1;
/** Control characters, and what paths and metadata use. */
const FORBIDDEN_KEY = /[\p{Cc}.$# ]/u;

/** What is wrong; `undefined` where nothing is. */
export function twinFault(section: JsonObject): string | undefined {
  const fault = valueFault(section, "", 0);
  if (fault !== undefined) return fault;
  const bytes = twinBytes(section);
  return bytes > MAX_TWIN_BYTES
    ? `the section has ${bytes} bytes, ${MAX_TWIN_BYTES} are allowed`
    : undefined;
}

function valueFault(value: Json, path: string, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `${path} is nested deeper than ${MAX_DEPTH} levels`;
  if (typeof value === "string") {
    const bytes = Buffer.byteLength(value);
    return bytes > MAX_TEXT_BYTES
      ? `${path} has ${bytes} bytes, ${MAX_TEXT_BYTES} are allowed`
      : undefined;
  }
  if (typeof value === "number") {
    const tooLarge = Number.isInteger(value) && Math.abs(value) > MAX_INTEGER;
    return tooLarge ? `${path} is ${value}, beyond 2^52` : undefined;
  }
  if (value === null || typeof value === "boolean") return undefined;
  if (Array.isArray(value) && value.includes(null)) return `${path} is a list with a null in it`;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (
      !Array.isArray(value) &&
      (FORBIDDEN_KEY.test(key) || Buffer.byteLength(key) > MAX_KEY_BYTES)
    ) {
      return `'${at.slice(0, 100)}' is no allowed key`;
    }
    const fault = valueFault(inner, at, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** UTF-8 of keys and texts, 8 bytes a number, 4 a boolean. */
function twinBytes(value: Json): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "number") return 8;
  if (typeof value === "boolean") return 4;
  if (value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + twinBytes(item), 0);
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + Buffer.byteLength(key) + twinBytes(inner),
    0,
  );
}

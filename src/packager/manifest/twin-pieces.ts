/** How do createOptions fit into a twin? As text, in pieces of 512 characters. */

import { userError } from "../../core/problem.ts";
import { asciiJson } from "./json.ts";
import type { JsonObject } from "./json.ts";

/** @source Azure/iotedgedev: iotedgedev/constants.py (TWIN_VALUE_MAX_SIZE, TWIN_VALUE_MAX_CHUNKS) */
const PIECE_CHARACTERS = 512;
const MAX_PIECES = 8;

/** `createOptions`, `createOptions01` … in the order in which edgeAgent joins them. */
export function createOptionsPieces(options: JsonObject): Readonly<Record<string, string>> {
  const text = asciiJson(options);
  const count = Math.ceil(text.length / PIECE_CHARACTERS);
  if (count > MAX_PIECES) {
    throw userError(
      "MANIFEST_CREATE_OPTIONS",
      `createOptions have ${text.length} characters; ${PIECE_CHARACTERS * MAX_PIECES} fit.`,
      { hint: "Publish fewer ports, or shorten the volume's name and path." },
    );
  }
  const pieces: Record<string, string> = {};
  for (let piece = 0; piece < count; piece += 1) {
    const from = piece * PIECE_CHARACTERS;
    const suffix = piece === 0 ? "" : String(piece).padStart(2, "0");
    pieces[`createOptions${suffix}`] = text.slice(from, from + PIECE_CHARACTERS);
  }
  return pieces;
}

/** Bytes of a body into JSON values. */

import { ScoringError } from "../../core/problem.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws ScoringError INPUT_JSON with the place of the fault */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) throw new ScoringError("INPUT_JSON", "the body is empty, expected JSON");
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (error) {
    throw new ScoringError("INPUT_JSON", "the body is not UTF-8 text", { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // V8 words it with the place: "Unexpected token … in JSON at position 17".
    throw new ScoringError(
      "INPUT_JSON",
      `the body is not valid JSON: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** What is echoed: one text as a model of texts and a script both take it. */

import type { Body } from "../load/body.ts";

const HEAD = '{"data": ["';
const TAIL = '"]}';

/** JSON of exactly so many bytes. */
export function echoBody(bytes: number): Body {
  const text = "edgewright ".repeat(Math.ceil(bytes / 11));
  return {
    headers: { "Content-Type": "application/json" },
    bytes: Buffer.from(HEAD + text.slice(0, bytes - HEAD.length - TAIL.length) + TAIL),
  };
}

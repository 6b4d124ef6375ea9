/**
 * Bytes of ASCII as text. The keys and names of one request are those of the last: comparing bytes
 * with a text that is there costs a fraction of making it.
 */

const SLOTS = 256;
const LONGEST = 40;
const known: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

export type TextRange = {
  readonly start: number;
  readonly end: number;
  /** Of the bytes; whichever, as long as it is always the same. */
  readonly hash: number;
};

export function asciiText(bytes: Buffer, { start, end, hash }: TextRange): string {
  if (end - start > LONGEST) return bytes.toString("latin1", start, end);
  const slot = hash & (SLOTS - 1);
  const text = known[slot];
  if (text !== undefined && text.length === end - start && stands(text, bytes, start)) return text;
  const made = bytes.toString("latin1", start, end);
  known[slot] = made;
  return made;
}

function stands(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

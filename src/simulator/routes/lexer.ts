/** Which words is a route's text made of? */

export class RouteFault extends Error {
  /** Counts from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export type Token = {
  readonly kind: "name" | "number" | "text" | "sign" | "end";
  readonly text: string;
  /** Of a number or of text: what it stands for. */
  readonly value?: number | string;
  readonly at: number;
};

/** A text in a twin, where routes live, has no more bytes. A chain of operators of that length can be run. */
const MAX_CHARACTERS = 4096;

const SPACE = /\s+/y;
const COMMENT = /\/\*[\s\S]*?\*\//y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_$][\w$]*/y;
const SIGN = /\|\||\?\?|<=|>=|!=|<>|[()[\]{}.,=<>+\-*/%]/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
};

/** @param start where in `text` to begin @throws RouteFault */
export function tokenize(text: string, start: number): readonly Token[] {
  if (text.length > MAX_CHARACTERS) {
    const message = `it has ${text.length} characters, ${MAX_CHARACTERS} are allowed`;
    throw new RouteFault(message, MAX_CHARACTERS);
  }
  const tokens: Token[] = [];
  let at = start;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const skipped = take(SPACE) ?? take(COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = quoted(text, at) ?? plain(take, at);
    if (token === undefined) throw new RouteFault(`'${text[at]}' means nothing here`, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

type Found = { readonly token: Token; readonly length: number };

function plain(take: (pattern: RegExp) => string | undefined, at: number): Found | undefined {
  for (const [kind, pattern] of [
    ["number", NUMBER],
    ["name", NAME],
    ["sign", SIGN],
  ] as const) {
    const text = take(pattern);
    if (text === undefined) continue;
    const value = kind === "number" ? { value: Number(text) } : {};
    return { token: { kind, text, at, ...value }, length: text.length };
  }
  return undefined;
}

function quoted(text: string, start: number): Found | undefined {
  const quote = text[start];
  if (quote !== "'" && quote !== '"') return undefined;
  let value = "";
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (character === quote) {
      const length = at + 1 - start;
      const token: Token = { kind: "text", text: text.slice(start, at + 1), value, at: start };
      return { token, length };
    }
    if (character !== "\\") {
      value += character;
      continue;
    }
    const code = /^u(?<digits>[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6))?.groups?.["digits"];
    if (code === undefined) {
      at += 1;
      value += ESCAPES[text[at] ?? ""] ?? text[at] ?? "";
    } else {
      at += 5;
      value += String.fromCharCode(Number.parseInt(code, 16));
    }
  }
  throw new RouteFault("the text has no closing quote", start);
}

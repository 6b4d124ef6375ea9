/**
 * A condition as a function of a message. Precedence, loosest first: `??`, OR, AND, NOT, `= != <>`,
 * `< <= > >=`, `+ - ||`, `* / %`, unary minus, parentheses.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/grammar/Condition.g4
 */

import { FUNCTIONS } from "./functions.ts";
import { RouteFault } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { isBody, isNullInBody, lookUp } from "./subject.ts";
import type { PathStep, Reference, Subject } from "./subject.ts";
import { both, calculate, compare, either, negate } from "./value.ts";
import type { Value } from "./value.ts";
import { requireSame, requireTruths, requireType } from "./value-type.ts";
import type { ValueType } from "./value-type.ts";

export type Condition = (subject: Subject) => Value;

/** A part of a condition, with its type before there is a message. */
type Typed = {
  readonly type: ValueType;
  readonly value: Condition;
  /** What is_null says of it, where that is not what its value says. */
  readonly isNull?: Condition;
};

/** Nobody writes as many by hand. */
const MAX_DEPTH = 100;

const KEYWORD = /^(?:select|from|where|into|and|or|not)$/i;

const LITERALS: ReadonlyMap<string, Typed> = new Map<string, Typed>([
  ["true", { type: "truth", value: () => true }],
  ["false", { type: "truth", value: () => false }],
  ["null", { type: "null", value: () => null }],
  ["undefined", { type: "undefined", value: () => undefined }],
]);

function referenceTo(reference: Reference): Typed {
  const value: Condition = (subject) => lookUp(subject, reference);
  if (!isBody(reference)) return { type: "text", value };
  return { type: "body", value, isNull: (subject) => isNullInBody(subject, reference) };
}

/** Reads as far as a condition goes; the caller looks at what follows. */
export class ConditionParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#next += 1;
    return token;
  }

  /** Whether the next word is this one, without case; then it is taken. */
  word(name: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "name" || text.toLowerCase() !== name) return false;
    this.#next += 1;
    return true;
  }

  sign(...signs: readonly string[]): string | undefined {
    const { kind, text } = this.peek();
    if (kind !== "sign" || !signs.includes(text)) return undefined;
    this.#next += 1;
    return text;
  }

  /** @throws RouteFault */
  parse(): Condition {
    const { at } = this.peek();
    const { type, value } = this.#expression();
    requireType(type, "truth", { word: "a condition", at });
    return value;
  }

  /** Brackets, negations and minus signs in one another: each takes a part of the call stack, here and in use. */
  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new RouteFault(
        `the condition is nested deeper than ${MAX_DEPTH} levels`,
        this.peek().at,
      );
    }
    const found = read();
    this.#depth -= 1;
    return found;
  }

  #expression(): Typed {
    return this.#nested(() => this.#coalesced());
  }

  #coalesced(): Typed {
    const left = this.#or();
    const { at } = this.peek();
    if (this.sign("??") === undefined) return left;
    const right = this.#expression();
    requireSame(left.type, right.type, { word: "??", at });
    return {
      type: left.type === "undefined" ? right.type : left.type,
      value: (subject) => left.value(subject) ?? right.value(subject),
    };
  }

  #or(): Typed {
    return this.#truths("or", either, () => this.#and());
  }

  #and(): Typed {
    return this.#truths("and", both, () => this.#not());
  }

  #truths(word: string, apply: typeof both, operand: () => Typed): Typed {
    let left = operand();
    for (let { at } = this.peek(); this.word(word); { at } = this.peek()) {
      const [first, second] = [left, operand()];
      requireTruths(first.type, second.type, { word: word.toUpperCase(), at });
      left = {
        type: "truth",
        value: (subject) => apply(first.value(subject), second.value(subject)),
      };
    }
    return left;
  }

  #not(): Typed {
    const { at } = this.peek();
    if (!this.word("not")) return this.#binary(0);
    const { type, value } = this.#nested(() => this.#not());
    requireType(type, "truth", { word: "NOT", at });
    return { type: "truth", value: (subject) => negate(value(subject)) };
  }

  #binary(level: number): Typed {
    const signs = LEVELS[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { at } = this.peek();
      const sign = this.sign(...signs);
      if (sign === undefined) return left;
      const [first, second] = [left, this.#binary(level + 1)];
      const type = level < 2 ? "truth" : sign === "||" ? "text" : "number";
      if (type === "truth") requireSame(first.type, second.type, { word: sign, at });
      else
        for (const { type: given } of [first, second]) requireType(given, type, { word: sign, at });
      const apply = level < 2 ? compare : calculate;
      left = {
        type,
        value: (subject) => apply(sign, first.value(subject), second.value(subject)),
      };
    }
  }

  #unary(): Typed {
    const { at } = this.peek();
    if (this.sign("-") === undefined) return this.#primary();
    const { type, value } = this.#nested(() => this.#unary());
    requireType(type, "number", { word: "-", at });
    return {
      type: "number",
      value: (subject) => {
        const number = value(subject);
        return typeof number === "number" ? -number : undefined;
      },
    };
  }

  #primary(): Typed {
    const token = this.take();
    if (token.kind === "number" || token.kind === "text") {
      return { type: token.kind, value: () => token.value };
    }
    if (token.kind === "sign" && token.text === "(") {
      const inner = this.#expression();
      this.#expect(")");
      return inner;
    }
    if (token.kind === "sign" && token.text === "{") {
      const name = this.take();
      if (!name.text.startsWith("$")) throw new RouteFault("in braces stands a $name", name.at);
      const path = this.#path();
      this.#expect("}");
      return referenceTo({ name: name.text, path, escaped: true });
    }
    if (token.kind !== "name" || KEYWORD.test(token.text)) {
      throw new RouteFault(
        token.kind === "end" ? "the condition ends early" : `'${token.text}' is no value`,
        token.at,
      );
    }
    return this.#named(token);
  }

  #named(token: Token): Typed {
    const literal = LITERALS.get(token.text);
    if (literal !== undefined) return literal;
    if (this.sign("(") !== undefined) return this.#call(token);
    const path = token.text.startsWith("$") ? this.#path() : [];
    return referenceTo({ name: token.text, path, escaped: false });
  }

  /** Whether a change of a twin touches a property. @source IoT Hub: twin_change_includes(properties.reported.a) */
  #twinChange(): Typed {
    const first = this.take();
    const path =
      first.kind === "text" ? String(first.value).split(".") : [first.text, ...this.#path()];
    this.#expect(")");
    // An object that is there is no value, a path that leads nowhere is null.
    const value: Condition = (subject) =>
      lookUp(subject, { name: "$body", path, escaped: true }) !== null;
    return { type: "truth", value };
  }

  #call(name: Token): Typed {
    if (name.text.toLowerCase() === "twin_change_includes") return this.#twinChange();
    const found = FUNCTIONS.get(name.text.toLowerCase());
    if (found === undefined) throw new RouteFault(`there is no function '${name.text}'`, name.at);
    const operands: Typed[] = [];
    while (this.sign(")") === undefined) {
      if (operands.length > 0) this.#expect(",");
      const { at } = this.peek();
      const operand = this.#expression();
      requireType(operand.type, found.takes(operands.length), { word: name.text, at });
      operands.push(operand);
    }
    const [least, most] = found.parameters;
    if (operands.length < least || operands.length > most) {
      throw new RouteFault(
        `${name.text} is given ${operands.length} values, takes ${least}`,
        name.at,
      );
    }
    const isNull = name.text.toLowerCase() === "is_null" ? operands[0]?.isNull : undefined;
    const value: Condition = (subject) => found.call(operands.map((given) => given.value(subject)));
    return { type: found.gives, value: isNull ?? value };
  }

  #path(): readonly PathStep[] {
    const steps: PathStep[] = [];
    for (;;) {
      if (this.sign(".") !== undefined) {
        const { kind, text, at } = this.take();
        if (kind !== "name") throw new RouteFault("after the dot stands a name", at);
        steps.push(text);
      } else if (this.sign("[") !== undefined) {
        const { value, at } = this.take();
        if (value === undefined) throw new RouteFault("in brackets stands a number or a text", at);
        steps.push(value);
        this.#expect("]");
      } else return steps;
    }
  }

  #expect(sign: string): void {
    const { at } = this.peek();
    if (this.sign(sign) === undefined) throw new RouteFault(`'${sign}' is missing`, at);
  }
}

/** Loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ["=", "!=", "<>"],
  ["<", "<=", ">", ">="],
  ["+", "-", "||"],
  ["*", "/", "%"],
];

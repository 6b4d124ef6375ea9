/**
 * A condition as a function of a message. Precedence, loosest first: `??`, OR, AND, NOT, `= != <>`,
 * `< <= > >=`, `+ - ||`, `* / %`, unary minus, parentheses.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/grammar/Condition.g4
 */

import { FUNCTIONS } from "./functions.ts";
import { RouteFault } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { lookUp } from "./subject.ts";
import type { PathStep, Subject } from "./subject.ts";
import { both, calculate, compare, either, negate } from "./value.ts";
import type { Value } from "./value.ts";

export type Condition = (subject: Subject) => Value;

const LITERALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["undefined", undefined],
]);

/** Reads as far as a condition goes; the caller looks at what follows. */
export class ConditionParser {
  readonly #tokens: readonly Token[];
  #next = 0;

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
    const left = this.#or();
    if (this.sign("??") === undefined) return left;
    const right = this.parse();
    return (subject) => left(subject) ?? right(subject);
  }

  #or(): Condition {
    let left = this.#and();
    while (this.word("or")) {
      const [first, second] = [left, this.#and()];
      left = (subject) => either(first(subject), second(subject));
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.word("and")) {
      const [first, second] = [left, this.#not()];
      left = (subject) => both(first(subject), second(subject));
    }
    return left;
  }

  #not(): Condition {
    if (!this.word("not")) return this.#binary(0);
    const operand = this.#not();
    return (subject) => negate(operand(subject));
  }

  #binary(level: number): Condition {
    const signs = LEVELS[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (let sign = this.sign(...signs); sign !== undefined; sign = this.sign(...signs)) {
      const [operator, first, second] = [sign, left, this.#binary(level + 1)];
      const apply = level < 2 ? compare : calculate;
      left = (subject) => apply(operator, first(subject), second(subject));
    }
    return left;
  }

  #unary(): Condition {
    if (this.sign("-") === undefined) return this.#primary();
    const operand = this.#unary();
    return (subject) => {
      const value = operand(subject);
      return typeof value === "number" ? -value : undefined;
    };
  }

  #primary(): Condition {
    const token = this.take();
    if (token.kind === "number" || token.kind === "text") return () => token.value;
    if (token.kind === "sign" && token.text === "(") {
      const inner = this.parse();
      this.#expect(")");
      return inner;
    }
    if (token.kind === "sign" && token.text === "{") {
      const name = this.take();
      if (!name.text.startsWith("$")) throw new RouteFault("in braces stands a $name", name.at);
      const path = this.#path();
      this.#expect("}");
      return (subject) => lookUp(subject, { name: name.text, path, escaped: true });
    }
    if (token.kind !== "name") {
      throw new RouteFault(
        token.kind === "end" ? "the condition ends early" : `'${token.text}' is no value`,
        token.at,
      );
    }
    return this.#named(token);
  }

  #named(token: Token): Condition {
    const literal = LITERALS.get(token.text);
    if (LITERALS.has(token.text)) return () => literal;
    if (this.sign("(") !== undefined) return this.#call(token);
    const path = token.text.startsWith("$") ? this.#path() : [];
    return (subject) => lookUp(subject, { name: token.text, path, escaped: false });
  }

  /** Whether a change of a twin touches a property. @source IoT Hub: twin_change_includes(properties.reported.a) */
  #twinChange(): Condition {
    const first = this.take();
    const path =
      first.kind === "text" ? String(first.value).split(".") : [first.text, ...this.#path()];
    this.#expect(")");
    // An object that is there is no value, a path that leads nowhere is null.
    return (subject) => lookUp(subject, { name: "$body", path, escaped: true }) !== null;
  }

  #call(name: Token): Condition {
    if (name.text.toLowerCase() === "twin_change_includes") return this.#twinChange();
    const found = FUNCTIONS.get(name.text.toLowerCase());
    if (found === undefined) throw new RouteFault(`there is no function '${name.text}'`, name.at);
    const operands: Condition[] = [];
    while (this.sign(")") === undefined) {
      if (operands.length > 0) this.#expect(",");
      operands.push(this.parse());
    }
    const [least, most] = found.parameters;
    if (operands.length < least || operands.length > most) {
      throw new RouteFault(
        `${name.text} is given ${operands.length} values, takes ${least}`,
        name.at,
      );
    }
    return (subject) => found.call(operands.map((operand) => operand(subject)));
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

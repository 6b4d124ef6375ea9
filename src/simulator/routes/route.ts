/**
 * A route: which messages go where? `FROM /messages/modules/a/outputs/* WHERE $body.score > 0.8
 * INTO BrokeredEndpoint("/modules/b/inputs/x")`.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/grammar/Route.g4
 */

import { inputNameFault } from "../hub/input-name.ts";
import { ConditionParser } from "./condition.ts";
import type { Condition } from "./condition.ts";
import { RouteFault, tokenize } from "./lexer.ts";
import type { Subject } from "./subject.ts";

export const UPSTREAM = "$upstream";

export type Endpoint =
  | { readonly kind: "upstream" }
  | { readonly kind: "input"; readonly module: string; readonly input: string };

export type Route = {
  /** Lower case, with a slash at its end: a prefix of the sources that it takes. */
  readonly source: string;
  readonly condition: Condition;
  readonly endpoint: Endpoint;
};

const KEYWORD = /^(?:select|from|where|into|and|or|not|true|false|null|undefined)$/i;
const NUMERIC = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const FORBIDDEN = /[()<>@,;:\\"[\]?={}]/;

/** @throws RouteFault with what is wrong and where */
export function parseRoute(text: string): Route {
  const head = /^\s*(?:select\s+\*\s+)?from\s+(?<source>\S+)\s*/i.exec(text);
  const source = head?.groups?.["source"];
  if (head === null || source === undefined) {
    throw new RouteFault("a route begins with FROM and a source like /messages/*", 0);
  }
  checkSource(source, head[0].lastIndexOf(source));
  const parser = new ConditionParser(tokenize(text, head[0].length));
  const condition = parser.word("where") ? parser.parse() : () => true;
  if (!parser.word("into")) throw new RouteFault("INTO and a sink are missing", parser.peek().at);
  const endpoint = parseSink(parser);
  const rest = parser.peek();
  if (rest.kind !== "end") throw new RouteFault(`'${rest.text}' stands behind the sink`, rest.at);
  return { source: sourcePrefix(source), condition, endpoint };
}

/** What stands behind WHERE, alone. @throws RouteFault */
export function parseCondition(text: string): Condition {
  const parser = new ConditionParser(tokenize(text, 0));
  const condition = parser.parse();
  const { kind, text: rest, at } = parser.peek();
  if (kind !== "end") throw new RouteFault(`'${rest}' stands behind the condition`, at);
  return condition;
}

/** @param source of a message, e.g. `/messages/modules/a/outputs/o/` */
export function takes(
  { source: prefix, condition }: Route,
  source: string,
  subject: Subject,
): boolean {
  return source.toLowerCase().startsWith(prefix) && condition(subject) === true;
}

export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === "upstream" ? UPSTREAM : `${endpoint.module}/${endpoint.input}`;
}

function checkSource(source: string, at: number): void {
  if (!source.startsWith("/")) throw new RouteFault(`the source '${source}' must begin with /`, at);
  for (const segment of source.slice(1).split("/")) {
    if (segment === "" && source !== "/")
      throw new RouteFault("the source has an empty segment", at);
    if (KEYWORD.test(segment) || NUMERIC.test(segment) || FORBIDDEN.test(segment)) {
      throw new RouteFault(`'${segment}' cannot be part of a source`, at);
    }
  }
}

/** A star at the end is only taken off: `out*` means the output `out` alone. */
function sourcePrefix(source: string): string {
  return `${source.trim().replace(/\*+$/, "").replace(/\/+$/, "")}/`.toLowerCase();
}

function parseSink(parser: ConditionParser): Endpoint {
  const { kind, text, at } = parser.take();
  if (kind === "name" && text.toLowerCase() === UPSTREAM) return { kind: "upstream" };
  if (kind !== "name" || text.toLowerCase() !== "brokeredendpoint") {
    throw new RouteFault(`the sink is '${text}', expected $upstream or BrokeredEndpoint`, at);
  }
  const open = parser.sign("(");
  const path = parser.take();
  const close = parser.sign(")");
  if (open === undefined || path.kind !== "text" || close === undefined) {
    throw new RouteFault(
      'BrokeredEndpoint takes one quoted path, like ("/modules/m/inputs/i")',
      at,
    );
  }
  const parts = /^\/modules\/(?<module>[^/]+)\/inputs\/(?<input>[^/]+)$/.exec(String(path.value));
  const { module, input } = parts?.groups ?? {};
  if (module === undefined || input === undefined) {
    throw new RouteFault(`'${path.value}' is no path like /modules/m/inputs/i`, path.at);
  }
  const fault = inputNameFault(input);
  if (fault !== undefined) throw new RouteFault(`the input ${fault}`, path.at);
  return { kind: "input", module, input };
}

/** All routes of a device: which endpoints get a message, how urgently, and for how long? */

import type { Problem, Read } from "../../core/problem.ts";
import { RouteFault } from "./lexer.ts";
import { endpointName, parseRoute, takes } from "./route.ts";
import type { Endpoint, Route } from "./route.ts";
import type { Subject } from "./subject.ts";

export type RouteSpec =
  | string
  | {
      readonly route: string;
      readonly priority?: number | undefined;
      readonly timeToLiveSecs?: number | undefined;
    };

type Target = {
  readonly endpoint: Endpoint;
  /** 0 is the most urgent; routes without one come after 9. */
  readonly priority: number;
  /** undefined: the device's own. */
  readonly timeToLiveSecs?: number;
};

export type RouteTable = {
  readonly targetsOf: (source: string, subject: Subject) => readonly Target[];
};

/** @source Azure/iotedge: edge-hub/core/…/config/RouteSpec.cs (DefaultPriority) */
const DEFAULT_PRIORITY = 2_000_000_000;
const MAX_PRIORITY = 9;
const MAX_TTL_SECS = 0xffffffff;

/** One wrong route refuses the whole set, as edgeHub does. */
export function readRoutes(routes: Readonly<Record<string, RouteSpec>>): Read<RouteTable> {
  const problems: Problem[] = [];
  const parsed: { readonly route: Route; readonly target: Target }[] = [];
  for (const [name, spec] of Object.entries(routes)) {
    const {
      route: text,
      priority,
      timeToLiveSecs,
    } = typeof spec === "string" ? { route: spec } : spec;
    const fault =
      numberFault("priority", priority, MAX_PRIORITY) ??
      numberFault("timeToLiveSecs", timeToLiveSecs, MAX_TTL_SECS);
    if (fault !== undefined) problems.push(problem(name, fault));
    try {
      const route = parseRoute(text);
      const target = {
        endpoint: route.endpoint,
        priority: priority ?? DEFAULT_PRIORITY,
        ...(timeToLiveSecs !== undefined && timeToLiveSecs > 0 && { timeToLiveSecs }),
      };
      parsed.push({ route, target });
    } catch (error) {
      if (!(error instanceof RouteFault)) throw error;
      problems.push(problem(name, `at character ${error.at + 1}, ${error.message}`));
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { targetsOf: targetsOf(parsed) }, problems };
}

/** Several routes to one endpoint deliver once, by the most urgent of them. */
function targetsOf(parsed: readonly { readonly route: Route; readonly target: Target }[]) {
  return (source: string, subject: Subject): readonly Target[] => {
    const targets = new Map<string, Target>();
    for (const { route, target } of parsed) {
      const name = endpointName(target.endpoint);
      const known = targets.get(name);
      if (known !== undefined && known.priority <= target.priority) continue;
      if (takes(route, source, subject)) targets.set(name, target);
    }
    return [...targets.values()];
  };
}

function numberFault(name: string, value: number | undefined, most: number): string | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most))
    return undefined;
  return `${name} is ${value}, expected a whole number from 0 to ${most}`;
}

function problem(name: string, message: string): Problem {
  return { code: "SIM_ROUTE", severity: "error", message: `route '${name}': ${message}` };
}

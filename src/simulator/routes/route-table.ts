/** All routes of a device: which endpoints get a message, how urgently, and for how long? */

import type { Problem, Read } from "../../core/problem.ts";
import { RouteFault } from "./lexer.ts";
import { endpointName, parseRoute, takes } from "./route.ts";
import type { Endpoint, Route } from "./route.ts";
import { routeSpecFaults } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";
import type { Subject } from "./subject.ts";

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

/** One wrong route refuses the whole set, as edgeHub does. */
export function readRoutes(routes: Readonly<Record<string, RouteSpec>>): Read<RouteTable> {
  const problems: Problem[] = [];
  const parsed: { readonly route: Route; readonly target: Target }[] = [];
  for (const [name, spec] of Object.entries(routes)) {
    const faults = routeSpecFaults(name, spec);
    problems.push(...faults.map((fault) => problem(name, fault)));
    const { route: text, priority, timeToLiveSecs } = partsOf(spec);
    if (text === undefined) continue;
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

/** What is no route at all has been told already. */
function partsOf(spec: RouteSpec | null): Partial<Exclude<RouteSpec, string>> {
  if (typeof spec === "string") return { route: spec };
  return typeof spec?.route === "string" ? spec : {};
}

function problem(name: string, message: string): Problem {
  return {
    code: "SIM_ROUTE",
    severity: "error",
    message: `route '${name}': ${message}`,
    hint: "Write it as FROM /messages/modules/m/outputs/o WHERE condition INTO $upstream.",
  };
}

/** What may stand for a route? A text, or an object with it, a priority and a time to live. */

import { isObject } from "../hub/merge-patch.ts";

export type RouteSpec =
  | string
  | {
      readonly route: string;
      readonly priority?: number | undefined;
      readonly timeToLiveSecs?: number | undefined;
    };

/** @source Azure/iotedge: edge-hub/core/…/config/RouteSpecConverter.cs; the schema of $edgeHub for names */
const FORBIDDEN_IN_NAME = /[.$#\s]/;
const MOST: Readonly<Record<string, number>> = { priority: 9, timeToLiveSecs: 0xffffffff };

/** What is wrong with it, each with what to do about it. */
export function routeSpecFaults(name: string, spec: unknown): readonly string[] {
  const faults: string[] = [];
  if (name === "" || FORBIDDEN_IN_NAME.test(name)) {
    faults.push("the name must have a character, and no '.', '$', '#' or space");
  }
  if (typeof spec === "string") return faults;
  if (!isObject(spec) || typeof spec["route"] !== "string") {
    return [...faults, "it must be a text, or an object with a text called route"];
  }
  for (const [key, value] of Object.entries(spec)) {
    const most = MOST[key];
    if (key === "route" || value === undefined) continue;
    if (most === undefined) {
      faults.push(`'${key}' is no key of a route, there is route, ${Object.keys(MOST).join(", ")}`);
    } else if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > most) {
      faults.push(`${key} is ${JSON.stringify(value)}, expected a whole number from 0 to ${most}`);
    }
  }
  return faults;
}

/**
 * What may a module publish and subscribe to? The topics of iot-edge.md 4.2, of itself alone.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Service/appsettings_hub.json
 */

import { parsePropertyBag } from "../../core/property-bag.ts";
import type { PropertyBag } from "../../core/property-bag.ts";

/** What a publish of a module means. */
export type Action =
  | { readonly kind: "message"; readonly bag: PropertyBag }
  | { readonly kind: "get twin"; readonly rid: string }
  | { readonly kind: "report"; readonly rid: string }
  | { readonly kind: "method answer"; readonly rid: string; readonly status: number }
  | { readonly kind: "refused" };

/** @param root `devices/{device}/modules/{module}/` */
export function parseTopic(topic: string, root: string): Action {
  if (topic.startsWith(`${root}messages/events/`)) {
    const bag = topic.slice(root.length + "messages/events/".length).replace(/\/$/, "");
    return { kind: "message", bag: parsePropertyBag(bag) };
  }
  const [path = "", query = ""] = topic.split("?", 2);
  const rid = new URLSearchParams(query).get("$rid") ?? "";
  if (path === "$iothub/twin/GET/") return { kind: "get twin", rid };
  if (path === "$iothub/twin/PATCH/properties/reported/") return { kind: "report", rid };
  const status = /^\$iothub\/methods\/res\/(?<status>-?\d+)\/$/.exec(path)?.groups?.["status"];
  if (status !== undefined) return { kind: "method answer", rid, status: Number(status) };
  return { kind: "refused" };
}

const TWIN_ANSWERS = "$iothub/twin/res/#";
export const DESIRED_PATCHES = "$iothub/twin/PATCH/properties/desired/#";
export const METHOD_CALLS = "$iothub/methods/POST/#";

export function inputTopics(root: string): string {
  return `${root}inputs/#`;
}

/** These alone, and all inputs together: what would be granted beside them would never be sent. */
export function maySubscribe(topic: string, root: string): boolean {
  return [TWIN_ANSWERS, DESIRED_PATCHES, METHOD_CALLS, inputTopics(root)].includes(topic);
}

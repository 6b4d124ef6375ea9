/** A message inside of the hub, and how it looks to conditions and to its receivers. */

import type { PropertyBag } from "../../core/property-bag.ts";
import type { Subject } from "../routes/subject.ts";

export type HubMessage = {
  /** In the order of arrival. */
  readonly id: number;
  /** `/messages/modules/{module}/outputs/{output}/`, `/messages/` of the device itself … */
  readonly source: string;
  readonly device: string;
  /** Who sent it; absent where it came from outside. */
  readonly module?: string;
  /** Without the output, which is in `source`. */
  readonly bag: PropertyBag;
  readonly body: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly enqueuedAt: number;
};

export function moduleSource(module: string, output: string | undefined): string {
  return `/messages/modules/${module}/${output === undefined ? "" : `outputs/${output}/`}`;
}

/** Names of conditions, in lower case, to those of the bag. @source Azure/iotedge: SystemProperties.cs */
const SYSTEM_NAMES: Readonly<Record<string, string>> = {
  messageid: "mid",
  cid: "cid",
  correlationid: "cid",
  userid: "uid",
  contenttype: "ct",
  contentencoding: "ce",
  to: "to",
  expiry: "exp",
};

/** Encodings that a body may have to be looked into. */
const ENCODINGS: ReadonlyMap<string, BufferEncoding | undefined> = new Map([
  ["utf-8", "utf8"],
  ["utf-16", "utf16le"],
  ["utf-32", undefined],
]);

export function subjectOf(message: HubMessage): Subject {
  const { bag, device, module, source, enqueuedAt } = message;
  const output = /\/outputs\/(?<output>[^/]+)\/$/.exec(source)?.groups?.["output"];
  const system = new Map<string, string>([
    ["connectiondeviceid", device],
    ["creationtime", isoTime(enqueuedAt)],
  ]);
  if (module !== undefined) system.set("connectionmoduleid", module);
  if (output !== undefined) system.set("outputname", output);
  for (const [name, key] of Object.entries(SYSTEM_NAMES)) {
    const value = bag.system[key];
    if (value !== undefined) system.set(name, value);
  }
  let body: { readonly value: unknown } | undefined;
  return {
    properties: bag.properties,
    system: Object.fromEntries(system),
    body: () => {
      body ??= { value: jsonBody(message) };
      return body.value;
    },
  };
}

function jsonBody({ bag, body }: HubMessage): unknown {
  if (bag.system["ct"]?.toLowerCase() !== "application/json") return undefined;
  const encoding = ENCODINGS.get(bag.system["ce"]?.toLowerCase() ?? "");
  if (encoding === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString(encoding)) as unknown;
  } catch {
    return undefined;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

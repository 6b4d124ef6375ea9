/**
 * What travels beside a message's body in an MQTT topic: `%24.mid=7&unit=mm%2Fs`. System properties
 * carry `$.` in front of their name, the others are the application's.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Core/SystemProperties.cs
 */

export type PropertyBag = {
  /** Without the `$.`: `mid`, `cid`, `ct`, `ce`, `on` … */
  readonly system: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
};

const SYSTEM = "$.";

/** An id of a message; one that is there and empty is none. */
export function idIn({ system }: PropertyBag, name: "mid" | "cid"): string | undefined {
  const id = system[name];
  return id === "" ? undefined : id;
}

/** Never throws: what is no percent-encoding stands for itself, a key without `=` has no value. */
export function parsePropertyBag(text: string): PropertyBag {
  const system: [string, string][] = [];
  const properties: [string, string][] = [];
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const cut = pair.indexOf("=");
    const name = decode(cut === -1 ? pair : pair.slice(0, cut));
    const value = cut === -1 ? "" : decode(pair.slice(cut + 1));
    if (name.startsWith(SYSTEM)) system.push([name.slice(SYSTEM.length), value]);
    else properties.push([name, value]);
  }
  // fromEntries defines its keys: a property called `__proto__` is one like any other.
  return { system: Object.fromEntries(system), properties: Object.fromEntries(properties) };
}

export function renderPropertyBag({ system, properties }: PropertyBag): string {
  return [
    ...Object.entries(system).map(([name, value]) => encode(SYSTEM + name, value)),
    ...Object.entries(properties).map(([name, value]) => encode(name, value)),
  ].join("&");
}

function encode(name: string, value: string): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What does a message have room for? Its properties travel in an MQTT topic of at most 65,535 bytes,
 * and topic and body together have at most 256 KiB. Whoever sends more is cut off by the hub, again
 * on every connection: what is too large must be known before it waits to be sent.
 *
 * @source OASIS MQTT 3.1.1: 1.5.3; Azure/iotedge: appsettings_hub.json (MaxInboundMessageSize)
 */

import { renderPropertyBag } from "../../../core/property-bag.ts";
import type { Output } from "./client.ts";

export const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_TOPIC_BYTES = 65_535;
/** For what stands before the properties: the longest ids of a device and a module have 128 bytes. */
const ADDRESS_BYTES = 512;

/** Why the hub would never take it; `undefined` where it fits. */
export function sizeFault(output: Output): string | undefined {
  const topic = propertyBytes(output) + ADDRESS_BYTES;
  if (topic > MAX_TOPIC_BYTES) {
    return `the properties have ${topic - ADDRESS_BYTES} bytes, ${MAX_TOPIC_BYTES - ADDRESS_BYTES} are allowed`;
  }
  const bytes = topic + Buffer.byteLength(output.body);
  return bytes > MAX_MESSAGE_BYTES
    ? `the message has ${bytes} bytes with its properties, ${MAX_MESSAGE_BYTES} are allowed`
    : undefined;
}

/** As they stand in the topic, encoded. */
function propertyBytes({ name, bag: { system, properties } }: Output): number {
  return Buffer.byteLength(renderPropertyBag({ system: { ...system, on: name }, properties }));
}

/** No hub takes this message on any connection: sending it again is of no use. */
export class Unsendable extends Error {}

/**
 * What may a message have? Topic and body together, as the packet carries them, so properties count
 * encoded; and no MQTT topic is longer than its length field says.
 *
 * @source Azure/iotedge: appsettings_hub.json (MaxInboundMessageSize); OASIS MQTT 3.1.1: 1.5.3
 */

const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_TOPIC_BYTES = 65_535;

/** Nothing of it was taken. */
export class MessageRefused extends Error {}

/** @param topic, or the properties of a message that has none. What is wrong; `undefined`: nothing */
export function sizeFault(topic: string, body: Uint8Array): string | undefined {
  const bytes = Buffer.byteLength(topic) + body.length;
  return bytes > MAX_MESSAGE_BYTES
    ? `the message has ${bytes} bytes with its properties, ${MAX_MESSAGE_BYTES} are allowed`
    : undefined;
}

export function topicFault(topic: string): string | undefined {
  const bytes = Buffer.byteLength(topic);
  return bytes > MAX_TOPIC_BYTES
    ? `the topic has ${bytes} bytes with the properties, ${MAX_TOPIC_BYTES} are allowed`
    : undefined;
}

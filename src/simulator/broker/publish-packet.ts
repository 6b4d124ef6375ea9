/**
 * A PUBLISH as bytes. The hub writes its own, since it numbers, repeats and counts its deliveries
 * itself; the broker's queues would do all of it a second time.
 *
 * @source OASIS MQTT 3.1.1: 3.3
 */

export type PublishPacket = {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** With it the packet has QoS 1, without it QoS 0. */
  readonly messageId?: number;
  readonly again?: boolean;
};

export function renderPublish({ topic, payload, messageId, again }: PublishPacket): Uint8Array {
  const name = Buffer.from(topic);
  const length = 2 + name.length + (messageId === undefined ? 0 : 2) + payload.length;
  const head = [0x30 | (messageId === undefined ? 0 : 0x02) | (again === true ? 0x08 : 0)];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      head.push(rest);
      break;
    }
    head.push((rest % 128) | 0x80);
  }
  head.push(name.length >> 8, name.length & 0xff);
  const id = messageId === undefined ? [] : [messageId >> 8, messageId & 0xff];
  return Buffer.concat([Buffer.from(head), name, Buffer.from(id), payload]);
}

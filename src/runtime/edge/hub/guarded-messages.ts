/**
 * What the SDK makes of a packet. It throws on what it does not expect, on a tick of its own, where
 * nobody can catch it: the process would end, and HTTP with it.
 *
 * @source Azure/azure-iot-sdk-node: common/transport/mqtt/src/mqtt_base.ts (_messageCallback)
 */

type Emit = (event: string, ...values: unknown[]) => boolean;

export type GuardOptions = {
  /** The payload as the SDK is to get it. */
  readonly readable: (topic: string, payload: Uint8Array) => Uint8Array;
  /** The SDK threw while it read a packet. */
  readonly onFault: (topic: string, error: Error) => void;
};

/** @param base the SDK's own layer over the MQTT client */
export function guardMessages(base: { emit: Emit }, { readable, onFault }: GuardOptions): void {
  const emit = base.emit.bind(base);
  base.emit = (event, ...values) => {
    if (event !== "message") return emit(event, ...values);
    const [topic, payload] = values as [string, Uint8Array];
    try {
      return emit(event, topic, readable(topic, payload));
    } catch (error) {
      onFault(topic, error as Error);
      return true;
    }
  };
}

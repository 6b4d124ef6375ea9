/**
 * Methods that the module does not have. The hub hands over calls of any name, the SDK emits an event
 * for each that nobody listens to, and the caller would wait for its whole timeout.
 *
 * @source Azure/azure-iot-sdk-node: device/transport/mqtt/src/mqtt.ts (_onDeviceMethod)
 */

type Emitter = {
  emit: (event: string, ...values: unknown[]) => boolean;
  readonly listenerCount: (event: string) => number;
};

export type UnknownMethodsOptions = {
  /** Of the methods that there are. */
  readonly names: readonly string[];
  readonly answer: (requestId: string, status: number, payload: object) => void;
};

const EVENT = "method_";

/** @param transport the SDK's own */
export function answerUnknownMethods(
  transport: Emitter,
  { names, answer }: UnknownMethodsOptions,
): void {
  const emit = transport.emit.bind(transport);
  transport.emit = (event, ...values) => {
    if (!event.startsWith(EVENT) || transport.listenerCount(event) > 0) {
      return emit(event, ...values);
    }
    const { requestId } = values[0] as { readonly requestId?: string };
    const name = event.slice(EVENT.length, EVENT.length + 100);
    const payload = { message: `there is no method '${name}'`, methods: names };
    if (requestId !== undefined) answer(requestId, 404, payload);
    return true;
  };
}

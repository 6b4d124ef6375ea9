/**
 * Inputs of an MQTT client, whose PUBACK waits until it is asked for. An error given to the callback
 * of `handleMessage` makes mqtt.js leave out the PUBACK and go on with the next packet; not calling
 * it at all would stall the stream.
 *
 * @source mqttjs/MQTT.js: lib/client.js of 4.3.8 (_handlePublish)
 */

type Packet = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly messageId?: number;
};

type MqttClient = {
  connected: boolean;
  emit: (event: string, ...values: unknown[]) => boolean;
  handleMessage: (packet: Packet, done: (error?: Error) => void) => void;
  end: (force: boolean) => void;
};

/** The client has no public way to send a PUBACK. */
type SendPacket = (packet: { readonly cmd: "puback"; readonly messageId: number }) => void;

export type MqttProvider = { readonly connect: (uri: string, options: object) => MqttClient };

type OnInput = (topic: string, body: Uint8Array, acknowledge: () => void) => void;

export class HeldInputs {
  readonly #onInput: OnInput;
  #current: MqttClient | undefined;

  constructor(onInput: OnInput) {
    this.#onInput = onInput;
  }

  /** The provider of the SDK's choice, its clients taken over for inputs. */
  over(provider: MqttProvider): MqttProvider {
    return {
      connect: (uri, options) => {
        const client = provider.connect(uri, options);
        this.#current = client;
        const emit = client.emit.bind(client);
        client.emit = (event, ...values) =>
          event === "message" && isHeld(values[2] as Packet) ? true : emit(event, ...values);
        client.handleMessage = (packet, done) => {
          if (!isHeld(packet)) return done();
          this.#onInput(packet.topic, packet.payload, () => this.#acknowledge(client, packet));
          done(new Error("acknowledged later"));
        };
        return client;
      },
    };
  }

  destroy(): void {
    this.#current?.end(true);
  }

  /** A number means nothing on another connection, where it may belong to another message. */
  #acknowledge(client: MqttClient, { messageId }: Packet): void {
    if (client !== this.#current || !client.connected || messageId === undefined) return;
    const send = Reflect.get(client, "_sendPacket") as SendPacket;
    send.call(client, { cmd: "puback", messageId });
  }
}

function isHeld({ topic, qos }: Packet): boolean {
  return qos === 1 && /^devices\/[^/]+\/modules\/[^/]+\/inputs\//.test(topic);
}

/**
 * The twin over the SDK's transport, beneath the SDK's own `Twin`: that one merges documents with
 * lodash, which loses a key called `__proto__` and the ends of lists, and ends the process on an
 * answer that it does not expect.
 *
 * @source Azure/azure-iot-sdk-node: device/core/src/twin.ts, device/transport/mqtt/src/mqtt_twin_client.ts
 */

import { isJson } from "../../../core/is-json.ts";
import { isDocument, shallow } from "./desired-document.ts";
import type { DesiredDocument } from "./desired-document.ts";

type Done<T> = (error?: Error, value?: T) => void;

/** Of the SDK, as much as the twin needs. */
type Transport = {
  readonly on: (event: string, listener: (patch: unknown) => void) => unknown;
  readonly enableTwinDesiredPropertiesUpdates: (done: Done<never>) => void;
  readonly getTwin: (done: Done<{ readonly desired: unknown }>) => void;
  readonly updateTwinReportedProperties: (patch: object, done: Done<never>) => void;
};

export type TwinChannel = {
  /** The whole desired section. @throws Error with the hub's words where it refuses */
  readonly desired: () => Promise<DesiredDocument>;
  readonly report: (patch: object) => Promise<void>;
};

/** Subscribed to patches before anybody asks for the document, so that none falls in between. */
export async function openTwin(
  transport: Transport,
  onPatch: (patch: DesiredDocument) => void,
): Promise<TwinChannel> {
  transport.on("twinDesiredPropertiesUpdate", (patch: unknown) => {
    if (!isDocument(patch)) throw new Error("a patch of the desired properties is no JSON object");
    onPatch(shallow(patch));
  });
  await new Promise<void>((resolve, reject) => {
    transport.enableTwinDesiredPropertiesUpdates((error) => (error ? reject(error) : resolve()));
  });
  return {
    desired: () =>
      new Promise((resolve, reject) => {
        transport.getTwin((error, twin) => {
          const desired: unknown = twin?.desired;
          if (error) reject(error);
          else if (isDocument(desired)) resolve(shallow(desired));
          else reject(new Error("the twin has no desired properties"));
        });
      }),
    report: (patch) =>
      new Promise((resolve, reject) => {
        transport.updateTwinReportedProperties(patch, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
  };
}

const ANSWER = /^\$iothub\/twin\/res\/(?<status>\d+)\//;

/**
 * An answer about the twin in a form that the SDK understands: it overlooks the status, and ends the
 * process on a body that is no JSON. Whatever says no becomes an error that it hands on.
 */
export function readableAnswer(topic: string, payload: Uint8Array): Uint8Array {
  const status = ANSWER.exec(topic)?.groups?.["status"];
  if (status === undefined) return payload;
  const text = Buffer.from(payload).toString();
  if (Number(status) < 400 && (text === "" || isJson(text))) return payload;
  const message = `the hub answers ${status}: ${text.slice(0, 200) || "without a reason"}`;
  return Buffer.from(JSON.stringify({ errorCode: Number(status), message }));
}

/** What does a module hear about its twin? Answers to its own questions, and patches it waits for. */

import type { PublishPacket } from "../broker/publish-packet.ts";
import { DESIRED_PATCHES } from "../broker/topics.ts";
import { isObject } from "./merge-patch.ts";
import type { JsonObject } from "./merge-patch.ts";
import { renderTwin } from "./twins.ts";
import type { Patched, Twins } from "./twins.ts";

export type TwinAnswersOptions = {
  readonly twins: Twins;
  readonly send: (module: string, packet: PublishPacket) => boolean;
  readonly isSubscribed: (module: string, topic: string) => boolean;
  /** A module's report was taken. */
  readonly reported: (module: string, patch: JsonObject) => void;
  /** The disk did not take a report. */
  readonly failed: (message: string) => void;
};

export type TwinAnswers = {
  readonly get: (module: string, rid: string) => void;
  readonly report: (module: string, rid: string, payload: Uint8Array) => void;
  readonly patchDesired: (module: string, patch: JsonObject) => Patched;
};

export function createTwinAnswers(options: TwinAnswersOptions): TwinAnswers {
  const { twins, send, isSubscribed, reported, failed } = options;
  const answer = (module: string, head: string, body: string): void => {
    // After the module's own packet is through, or the answer would overtake its subscription.
    setImmediate(() => {
      send(module, { topic: `$iothub/twin/res/${head}`, payload: Buffer.from(body) });
    });
  };
  return {
    get: (module, rid) => answer(module, `200/?$rid=${rid}`, renderTwin(twins.of(module))),
    report: (module, rid, payload) => {
      const patch = parseObject(payload);
      const refuse = (status: number, message: string): void =>
        answer(module, `${status}/?$rid=${rid}`, JSON.stringify({ errorCode: status, message }));
      let patched: Patched;
      try {
        patched =
          patch === undefined
            ? { ok: false, fault: "the body is no JSON object" }
            : twins.patch(module, "reported", patch);
      } catch (error) {
        const { message } = error as Error;
        failed(message);
        return refuse(500, message);
      }
      if (!patched.ok) return refuse(400, patched.fault);
      answer(module, `204/?$rid=${rid}&$version=${patched.version}`, "");
      if (patch !== undefined) reported(module, patch);
    },
    patchDesired: (module, patch) => {
      const patched = twins.patch(module, "desired", patch);
      if (patched.ok && isSubscribed(module, DESIRED_PATCHES)) {
        send(module, {
          topic: `$iothub/twin/PATCH/properties/desired/?$version=${patched.version}`,
          payload: Buffer.from(JSON.stringify({ ...patch, $version: patched.version })),
        });
      }
      return patched;
    },
  };
}

function parseObject(payload: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

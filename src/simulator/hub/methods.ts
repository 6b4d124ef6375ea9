/** Direct methods: calls that wait for a module's answer. */

import type { PublishPacket } from "../broker/publish-packet.ts";

export type MethodAnswer = {
  readonly status: number;
  readonly payload: unknown;
  /** The hub's own words: the module has not answered. */
  readonly unanswered?: true;
};

export type MethodCall = {
  readonly module: string;
  readonly name: string;
  readonly payload: unknown;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
};

export type Methods = {
  /** 404 where the module does not listen in time, 504 where it does not answer in time. */
  readonly call: (call: MethodCall) => Promise<MethodAnswer>;
  readonly answered: (rid: string, status: number, payload: Uint8Array) => void;
  /** A module has subscribed: those that wait for it look again. */
  readonly subscribed: () => void;
  /** Nobody answers any more: who waits is told so now. */
  readonly close: () => void;
};

export type MethodsOptions = {
  readonly isListening: (module: string) => boolean;
  readonly send: (module: string, packet: PublishPacket) => boolean;
};

const NAME_LIMIT = 100;
const PAYLOAD_LIMIT_BYTES = 128 * 1024;

export function createMethods({ isListening, send }: MethodsOptions): Methods {
  const pending = new Map<string, (answer: MethodAnswer) => void>();
  const waiting = new Set<() => void>();
  let last = 0;
  let closed = false;

  const listening = (module: string, timeoutMs: number): Promise<boolean> => {
    if (isListening(module)) return Promise.resolve(true);
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (found: boolean): void => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const look = (): void => {
        if (closed || isListening(module)) end(!closed);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      waiting.add(look);
    });
  };
  return {
    call: async ({ module, name, payload, connectTimeoutMs, responseTimeoutMs }) => {
      // The SDK answers an empty body with 400 by itself: no payload travels as null.
      const body = Buffer.from(JSON.stringify(payload ?? null));
      if (name.length > NAME_LIMIT || body.length > PAYLOAD_LIMIT_BYTES) {
        return failed(400, "a name has up to 100 characters, a payload up to 128 KiB");
      }
      if (!(await listening(module, connectTimeoutMs))) {
        return failed(404, `Client ${module} not found`);
      }
      last += 1;
      const rid = last.toString(16);
      return new Promise((resolve) => {
        const finish = (answer: MethodAnswer): void => {
          clearTimeout(timer);
          pending.delete(rid);
          resolve(answer);
        };
        const timer = setTimeout(() => finish(failed(504, "no answer in time")), responseTimeoutMs);
        pending.set(rid, finish);
        const topic = `$iothub/methods/POST/${encodeURIComponent(name)}/?$rid=${rid}`;
        if (!send(module, { topic, payload: body }))
          finish(failed(404, `Client ${module} not found`));
      });
    },
    answered: (rid, status, payload) => {
      const text = Buffer.from(payload).toString();
      try {
        pending.get(rid)?.({ status, payload: text === "" ? null : (JSON.parse(text) as unknown) });
      } catch {
        pending.get(rid)?.(failed(502, "the module's answer is no JSON"));
      }
    },
    subscribed: () => {
      for (const look of waiting) look();
    },
    close: () => {
      closed = true;
      for (const look of waiting) look();
      for (const finish of pending.values()) finish(failed(504, "the hub ends"));
    },
  };
}

function failed(status: number, message: string): MethodAnswer {
  return { status, payload: { message }, unanswered: true };
}

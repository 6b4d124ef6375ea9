/** How does a result go to the hub? As it is; where no hub would take it, a fault goes in its place. */

import type { Log } from "../../../core/ports.ts";
import type { EdgeClient } from "../hub/client.ts";
import { Unsendable } from "../hub/message-size.ts";
import type { Result } from "../outbox/result.ts";

export type SendOptions = {
  readonly client: Pick<EdgeClient, "send">;
  readonly tooLarge: (result: Result, why: string) => Result;
  readonly log: Log;
};

/** A result that cannot be sent must not stand before all the others for ever. */
export function createSend({ client, tooLarge, log }: SendOptions) {
  return async (result: Result): Promise<void> => {
    try {
      await client.send(result);
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error;
      const { mid = "" } = result.bag.system;
      log.error(`a result is set aside, its fault is sent: ${error.message}`, {
        messageId: mid.slice(0, 200),
      });
      await client.send(tooLarge(result, error.message));
    }
  };
}

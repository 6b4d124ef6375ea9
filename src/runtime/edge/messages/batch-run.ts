/** The requests of one message are scored, so many at a time, and only while a message can hold the answers. */

import { MAX_MESSAGE_BYTES } from "../hub/message-size.ts";
import { itemText } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { Batch } from "./batch.ts";

export type BatchOptions = {
  /** Items that are asked for at a time. */
  readonly width: number;
  readonly score: (item: Uint8Array) => Promise<Answer>;
};

export type BatchAnswer = {
  /** All answers as one, in the order of the requests. */
  readonly whole: Answer;
  /** Why no message would hold them; the rest was then not asked for. */
  readonly overflow?: string;
};

export async function scoreBatch(batch: Batch, options: BatchOptions): Promise<BatchAnswer> {
  const { count, item } = batch;
  const texts: string[] = [];
  const deployments = new Set<string>();
  let [asked, answered, bytes] = [0, 0, 0];
  // Of an answer that is still to come a digit and a comma at least.
  const fits = (): boolean => bytes + 2 * (count - answered) <= MAX_MESSAGE_BYTES;
  const run = async (): Promise<void> => {
    while (asked < count && fits()) {
      const index = asked;
      asked += 1;
      const answer = await options.score(item(index));
      const text = itemText(answer);
      texts[index] = text;
      deployments.add(answer.deployment);
      answered += 1;
      bytes += Buffer.byteLength(text) + 1;
    }
  };
  const runs = Array.from({ length: Math.min(options.width, count) }, run);
  await Promise.all(runs).catch((error: unknown) => {
    // The others go no further either.
    asked = count;
    throw error;
  });
  const [only = ""] = deployments;
  const deployment = deployments.size === 1 ? only : "";
  if (fits()) return { whole: { status: 200, body: `[${texts.join(",")}]`, deployment } };
  const overflow = `with the answers to ${answered} of its ${count} items the message has more than ${MAX_MESSAGE_BYTES} bytes`;
  return { whole: { status: 200, body: "[]", deployment: "" }, overflow };
}

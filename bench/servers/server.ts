/** What is measured: something with a process id that answers the requests of a case? */

import { createInterface } from "node:readline";
import { once } from "node:events";

import type { Body } from "../load/body.ts";
import type { BenchCase } from "../bench-case.ts";
import type { Started } from "../processes.ts";

export type Request = { readonly url: string; readonly body: Body };

export type Server = {
  readonly name: string;
  /** The root of the process tree whose CPU time counts. */
  readonly pid: number;
  /** `undefined` where it does not speak what the case asks for. */
  readonly request: (benchCase: BenchCase) => Request | undefined;
  readonly stop: () => Promise<void>;
};

/** The one line of JSON that a server prints when it is ready. @throws Error where it ends before */
export async function readyLine<T>(child: Started): Promise<T> {
  const lines = createInterface(child.stdout);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a server ended with ${String(code)} before it was ready`);
  });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as T;
}

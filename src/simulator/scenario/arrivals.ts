/** What a scenario asks of the messages that have arrived in the cloud. */

import { subjectOf } from "../hub/message.ts";
import type { HubMessage } from "../hub/message.ts";
import type { Upstream } from "../hub/upstream.ts";
import { RouteFault } from "../routes/lexer.ts";
import { parseCondition } from "../routes/route.ts";
import type { Step } from "./schema.ts";
import type { Sender } from "./sender.ts";

type Expect = Extract<Step, { verb: "expect" }>["value"];

export type Tally = {
  readonly sent: number;
  /** Answers to what was sent. */
  readonly results: number;
  readonly distinct: number;
  readonly lost: number;
  readonly duplicates: number;
};

export type Arrivals = {
  readonly tally: () => Tally;
  /** How many have arrived that meet the expectation. @throws RouteFault for a wrong condition */
  readonly count: (expect: Expect) => number;
};

type Counter = { readonly see: (message: HubMessage) => void; readonly count: () => number };

/**
 * Counts messages as they arrive, for each expectation that will be asked for: the hub keeps the newest
 * alone, and a run may have any number.
 */
export function watchArrivals(
  upstream: Upstream,
  sender: Sender,
  expects: readonly Expect[],
): Arrivals {
  const counters = new Map<Expect, Counter | RouteFault>();
  for (const expect of expects) counters.set(expect, counterOf(expect, sender));
  let results = 0;
  const ids = new Set<string>();
  upstream.watch((message) => {
    for (const counter of counters.values()) {
      if (!(counter instanceof RouteFault)) counter.see(message);
    }
    const mid = message.bag.system["mid"];
    if (mid === undefined || sender.nameOf(mid) === undefined) return;
    results += 1;
    ids.add(mid);
  });
  return {
    tally: () => {
      const sent = sender.total();
      const distinct = ids.size;
      return { sent, results, distinct, lost: sent - distinct, duplicates: results - distinct };
    },
    count: (expect) => {
      const counter = counters.get(expect);
      if (counter instanceof RouteFault) throw counter;
      return counter?.count() ?? 0;
    },
  };
}

/** A wrong condition is the fault of its step, when that is reached. */
function counterOf(expect: Expect, sender: Sender): Counter | RouteFault {
  if (expect.upstream === undefined) return { see: () => undefined, count: () => 0 };
  let meets: (message: HubMessage) => boolean;
  try {
    meets = filterOf(expect, sender);
  } catch (error) {
    if (error instanceof RouteFault) return error;
    throw error;
  }
  let count = 0;
  const ids = new Set<string | undefined>();
  return {
    see: (message) => {
      if (!meets(message)) return;
      count += 1;
      if (expect.distinct !== undefined) ids.add(message.bag.system["mid"]);
    },
    count: () => (expect.distinct === undefined ? count : ids.size),
  };
}

function filterOf({ of, output, properties, where, module }: Expect, sender: Sender) {
  const condition = where === undefined ? undefined : parseCondition(where);
  return (message: HubMessage): boolean => {
    const { bag, source } = message;
    if (of !== undefined && sender.nameOf(bag.system["mid"] ?? "") !== of) return false;
    if (output !== undefined && !source.endsWith(`/outputs/${output}/`)) return false;
    if (module !== undefined && message.module !== module) return false;
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (bag.properties[name] !== value) return false;
    }
    return condition === undefined || condition(subjectOf(message)) === true;
  };
}

/** What a scenario asks of the messages that have arrived in the cloud. */

import { subjectOf } from "../hub/message.ts";
import type { HubMessage } from "../hub/message.ts";
import type { Upstream } from "../hub/upstream.ts";
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

export function tally(upstream: Upstream, sender: Sender): Tally {
  let results = 0;
  const ids = new Set<string>();
  for (const { bag } of upstream.messages()) {
    const mid = bag.system["mid"];
    if (mid === undefined || sender.nameOf(mid) === undefined) continue;
    results += 1;
    ids.add(mid);
  }
  const sent = sender.total();
  return {
    sent,
    results,
    distinct: ids.size,
    lost: sent - ids.size,
    duplicates: results - ids.size,
  };
}

/** How many have arrived that meet the expectation. @throws RouteFault for a wrong condition */
export function countArrived(expect: Expect, upstream: Upstream, sender: Sender): number {
  const meets = filterOf(expect, sender);
  const arrived = upstream.messages().filter(meets);
  if (expect.distinct === undefined) return arrived.length;
  return new Set(arrived.map(({ bag }) => bag.system["mid"])).size;
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

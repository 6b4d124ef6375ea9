/** What may a scenario say? The one source of its parser and of its JSON schema. */

import { z } from "zod";

import { MODULE_NAME, moduleNameFault } from "../../core/module-name.ts";
import { MAX_TIMER_MS } from "../../core/limits/timer.ts";
import { INPUT_NAME, INPUT_NAME_RULE } from "../hub/input-name.ts";
import { durationMs } from "./duration.ts";

const NO_DURATION = "expected a duration like 30s, 500ms, 2m or 1h, or a number of seconds";
const duration = z
  .union(
    [
      z.string().regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, NO_DURATION),
      z.number().nonnegative(NO_DURATION),
    ],
    NO_DURATION,
  )
  // What is no duration at all has its own issue already.
  .refine((value) => !(durationMs(value) > MAX_TIMER_MS), "expected at most 596h")
  .describe("30s, 500ms, 2m, or a number of seconds");
const NO_NAME = "expected a text that is not empty";
const name = z.string(NO_NAME).min(1, NO_NAME);
const moduleName = z.string().regex(MODULE_NAME, {
  error: ({ input }) => `the name of a module ${moduleNameFault(String(input))}`,
});
/** An outbox has no less. */
const MIN_VOLUME_BYTES = 65_536;
const NO_VOLUME = `expected a whole number, at least ${MIN_VOLUME_BYTES} bytes`;
const NO_COUNT = "expected a whole number, 0 or more";
const count = z.int(NO_COUNT).nonnegative(NO_COUNT);
const bounds = z.union(
  [count, z.strictObject({ min: count.optional(), max: count.optional() })],
  "expected a whole number, 0 or more, or {min, max} of such",
);
const properties = z.record(z.string(), z.string());
const NO_PRIORITY = "expected a whole number from 0 to 9";
const routes = z.record(
  z.string(),
  z.union(
    [
      z.string(),
      z.strictObject({
        route: z.string(),
        priority: z.int(NO_PRIORITY).min(0, NO_PRIORITY).max(9, NO_PRIORITY).optional(),
        timeToLiveSecs: count.optional(),
      }),
    ],
    "expected a route, or {route, priority, timeToLiveSecs}",
  ),
);

const inputName = z.string(NO_NAME).regex(INPUT_NAME, `expected ${INPUT_NAME_RULE}`);
const NO_RATE = "expected a number above 0";
const send = z.strictObject({
  to: name.describe("a module; without it the device itself sends, and routes decide").optional(),
  input: inputName.optional(),
  file: z
    .string()
    .describe("one body a line; from its start again when it is at its end")
    .optional(),
  body: z.json().describe("one body, as JSON").optional(),
  count: count.describe("how many; every line of the file, or one body, otherwise").optional(),
  rate: z
    .number(NO_RATE)
    .positive(NO_RATE)
    .describe("messages a second; as fast as can be otherwise")
    .optional(),
  properties: properties.optional(),
  as: name.describe("a name for expect.of").optional(),
  background: z.boolean().describe("go on with the next step at once").optional(),
});

const expectStep = z.strictObject({
  upstream: bounds.describe("messages that have arrived in the cloud").optional(),
  distinct: z.literal("messageId").optional(),
  of: name.describe("only answers to this send step").optional(),
  output: name.optional(),
  properties: properties.describe("only messages with these properties").optional(),
  where: z
    .string()
    .describe("only messages that meet this condition of the route language")
    .optional(),
  reported: z
    .record(z.string(), z.json())
    .describe("dotted paths of reported properties")
    .optional(),
  module: name.optional(),
  sent: name.describe("this background send has sent everything").optional(),
  connected: name.describe("this module is connected").optional(),
  within: duration.optional(),
});

const patchTwin = z.strictObject({
  module: name,
  desired: z.record(z.string(), z.json()),
  expect: z.literal("refused").describe("the hub refuses it").optional(),
});

const callMethod = z.strictObject({
  module: name,
  name,
  payload: z.json().optional(),
  within: duration.optional(),
  expect: z
    .strictObject({
      status: z.int("expected a whole number").optional(),
      payload: z.record(z.string(), z.json()).describe("dotted paths").optional(),
    })
    .optional(),
});

const setRoutes = z.strictObject({ routes, expect: z.literal("refused").optional() });
const nothing = z.strictObject({});

const verbs = {
  send,
  expect: expectStep,
  "patch twin": patchTwin,
  "call method": callMethod,
  "set routes": setRoutes,
  "cut hub": z.union([duration, nothing]).describe("for this long; {}: until restore"),
  restore: z.union([z.literal("hub"), nothing], "expected hub, or {}"),
  "restart hub": nothing,
  "kill module": name.describe("as a power cut does it; it is started again"),
  wait: duration,
  "fill disk": z.strictObject({ module: name, leave: count.describe("bytes").optional() }),
};

/** Exactly one verb a step; which one says the parser, since a union would explain nothing. */
export const STEPS = verbs;
export type Verb = keyof typeof verbs;
export type Step = {
  readonly [V in Verb]: { readonly verb: V; readonly value: z.output<(typeof verbs)[V]> };
}[Verb];

const head = {
  modules: z
    .record(moduleName, z.string())
    .refine((modules) => Object.keys(modules).length > 0, "expected at least one module")
    .describe("a spec file, relative to this one, for each module"),
  routes: routes.optional(),
  timeToLiveSecs: z.int("expected a whole number").optional(),
  volumes: z
    .record(moduleName, z.int(NO_VOLUME).min(MIN_VOLUME_BYTES, NO_VOLUME))
    .describe("bytes; what fill disk needs")
    .optional(),
};

export const SCENARIO = z.strictObject({
  ...head,
  steps: z.array(z.record(z.string(), z.unknown())).min(1, "expected at least one step"),
});

/** For editors: each step may hold any one of the verbs. */
export function scenarioSchema(): object {
  const step = z.strictObject(
    Object.fromEntries(Object.entries(verbs).map(([verb, schema]) => [verb, schema.optional()])),
  );
  const whole = z.strictObject({ ...head, steps: z.array(step).min(1) });
  return z.toJSONSchema(whole, { target: "draft-7" });
}

export type ScenarioHead = Omit<z.output<typeof SCENARIO>, "steps">;

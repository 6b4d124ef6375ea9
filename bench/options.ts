/** What was asked to be measured, and how long? */

import { parseArgs } from "node:util";

import { CASE_NAMES } from "./bench-case.ts";
import { parsePeer } from "./servers/peer.ts";
import type { Server } from "./servers/server.ts";

const MEASURE_NAMES = [
  "start",
  "memory",
  "health",
  "instances",
  "echo",
  "flask",
  "workers",
  "onnxruntime",
  "idle",
] as const;

export type Measure = (typeof MEASURE_NAMES)[number];
export type Case = (typeof CASE_NAMES)[number];

export type BenchOptions = {
  readonly cases: readonly Case[];
  readonly measures: readonly Measure[];
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly peers: readonly Server[];
  /** Where other people's models are. */
  readonly models?: string;
  /** Where page and picture go; without it the page goes to stdout. */
  readonly out?: string;
};

export const USAGE = `usage: npm run bench -- [options]
  --case NAMES           of ${[...CASE_NAMES, ...MEASURE_NAMES].join(", ")}; all of them otherwise
  --connections NUMBERS  1,8,32 otherwise
  --rounds N             that count, after one of each server that does not; 5 otherwise
  --seconds N            of each round; 2 otherwise
  --idle-seconds N       to watch the idle server; 60 otherwise
  --peer NAME=URL@PID    somebody else's server too; may be repeated. {model} in the URL is the
                         case's model, /v2/models/{model}/infer is meant where there is no path
  --models DIR           other people's models; ../shared/models otherwise
  --out DIR              writes performance.md and performance.svg there`;

/** @throws Error that says what is wrong */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: "string" },
      connections: { type: "string", default: "1,8,32" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      "idle-seconds": { type: "string", default: "60" },
      peer: { type: "string", multiple: true, default: [] },
      models: { type: "string" },
      out: { type: "string" },
    },
  });
  const names = values.case?.split(",") ?? [...CASE_NAMES, ...MEASURE_NAMES];
  const unknown = names.find((name) => !isOneOf(CASE_NAMES, name) && !isOneOf(MEASURE_NAMES, name));
  if (unknown !== undefined) {
    const all = [...CASE_NAMES, ...MEASURE_NAMES].join(", ");
    throw new Error(`there is no case ${JSON.stringify(unknown)}, there is ${all}`);
  }
  return {
    cases: CASE_NAMES.filter((name) => names.includes(name)),
    measures: MEASURE_NAMES.filter((name) => names.includes(name)),
    connections: values.connections.split(",").map((text) => count("--connections", text)),
    rounds: count("--rounds", values.rounds),
    seconds: count("--seconds", values.seconds),
    idleSeconds: count("--idle-seconds", values["idle-seconds"]),
    peers: values.peer.map(parsePeer),
    ...(values.models !== undefined && { models: values.models }),
    ...(values.out !== undefined && { out: values.out }),
  };
}

function isOneOf<Name extends string>(names: readonly Name[], text: string): text is Name {
  return (names as readonly string[]).includes(text);
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${option} is ${JSON.stringify(text)}, must be a whole number from 1 on`);
  }
  return value;
}

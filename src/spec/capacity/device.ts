/** What does a whole device have, and what of it may a module use? */

import type { Problem, Read } from "../../core/problem.ts";
import type { EdgeSpec } from "../endpoint.ts";
import {
  CPUS_WORDS,
  isCpus,
  isMemory,
  MEMORY_WORDS,
  MIB,
  parseCpus,
  parseMemory,
} from "./quantity.ts";
import { nearest, show } from "../text/suggest.ts";

export type Device = {
  /** Of the whole device. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Kept for the edge runtime and the system. */
  readonly reserve: { readonly cpus: number; readonly memoryBytes: number };
};

const DEFAULT_RESERVE = { cpus: 0.25, memoryBytes: 512 * MIB };
const KEYS = ["cpus", "memory", "reserve.cpus", "reserve.memory"] as const;
type Key = (typeof KEYS)[number];

/** `cpus=4,memory=8Gi`, where `reserve.cpus=` and `reserve.memory=` may follow. */
export function parseDevice(text: string): Read<Device> {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const part of text.split(",")) {
    const [key = "", ...rest] = part.split("=");
    const name = key.trim();
    const value = rest.join("=").trim();
    const fault = partFault(name, value, values);
    if (fault !== undefined) problems.push(usage(fault.message, fault.hint));
    values.set(name, value);
  }
  for (const key of ["cpus", "memory"]) {
    if (problems.length === 0 && !values.has(key)) {
      problems.push(usage(`device ${show(text)} says no ${key}, must say cpus and memory`));
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  const device = deviceOf({
    cpus: values.get("cpus") ?? "",
    memory: values.get("memory") ?? "",
    reserve: { cpus: values.get("reserve.cpus"), memory: values.get("reserve.memory") },
  });
  return { ok: true, value: device, problems };
}

function partFault(
  name: string,
  value: string,
  before: ReadonlyMap<string, string>,
): { readonly message: string; readonly hint?: string } | undefined {
  const key = KEYS.find((known) => known === name);
  if (key === undefined) {
    const meant = nearest(name, KEYS);
    return {
      message: `${show(name)} is nothing that a device has, must be ${KEYS.join(", ")}`,
      ...(meant === undefined ? {} : { hint: `Write ${meant}=…, if that is what you mean.` }),
    };
  }
  if (before.has(name)) return { message: `device says ${name} twice, must say it once` };
  if (isAmount(key, value)) return undefined;
  const what = key.endsWith("cpus") ? CPUS_WORDS : MEMORY_WORDS;
  return { message: `device ${name} is ${show(value)}, must be ${what}` };
}

function isAmount(key: Key, value: string): boolean {
  if (key.startsWith("reserve") && Number(value) === 0 && value !== "") return true;
  return key.endsWith("cpus") ? isCpus(value) : isMemory(value);
}

function usage(message: string, hint = "Write cpus=4,memory=8Gi, for example."): Problem {
  return { code: "CLI_USAGE", severity: "error", message, hint };
}

/** @param device its amounts were checked before */
export function deviceOf(device: NonNullable<EdgeSpec["device"]>): Device {
  const reserve = device.reserve;
  return {
    cpus: parseCpus(device.cpus) ?? 0,
    memoryBytes: parseMemory(device.memory) ?? 0,
    reserve: {
      cpus: reserve?.cpus === undefined ? DEFAULT_RESERVE.cpus : (parseCpus(reserve.cpus) ?? 0),
      memoryBytes:
        reserve?.memory === undefined
          ? DEFAULT_RESERVE.memoryBytes
          : (parseMemory(reserve.memory) ?? 0),
    },
  };
}

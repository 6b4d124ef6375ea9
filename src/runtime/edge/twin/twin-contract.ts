/**
 * What do desired properties ask for? The whole document is read or refused, with every reason; what
 * is absent is as the spec says.
 */

import type { Code } from "../../../core/codes.ts";
import type { Problem, Read } from "../../../core/problem.ts";
import type { RequestSettingsPatch } from "./controls.ts";
import type { OutboxLimits } from "../outbox/outbox.ts";
import {
  LOG_LEVEL_NAMES,
  MAX_MIRROR_PERCENT,
  OUTBOX_SETTINGS,
  REQUEST_SETTINGS,
} from "./twin-schema.ts";

export type Desired = {
  readonly traffic?: Readonly<Record<string, number>>;
  readonly mirror?: { readonly deployment: string; readonly percent: number };
  readonly requestSettings: RequestSettingsPatch;
  readonly logLevel?: string;
  readonly keys?: readonly string[];
  readonly outbox: Partial<OutboxLimits>;
  /** Deployments that are switched off. */
  readonly disabled: readonly string[];
};

/** IoT Hub's own limit, for hubs that do not keep it. */
const MAX_BYTES = 32 * 1024;

type Document = Readonly<Record<string, unknown>>;
type Range = { readonly minimum: number; readonly maximum: number };

/** @param names of the deployments there are */
export function readDesired(document: Document, names: readonly string[]): Read<Desired> {
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes > MAX_BYTES) {
    const message = `the desired properties have ${bytes} bytes, ${MAX_BYTES} are allowed`;
    return { ok: false, problems: [{ code: "TWIN_TOO_LARGE", severity: "error", message }] };
  }
  const reader = new DesiredReader(names);
  const value = reader.read(document);
  return reader.problems.length === 0
    ? { ok: true, value, problems: [] }
    : { ok: false, problems: reader.problems };
}

class DesiredReader {
  readonly problems: Problem[] = [];
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  read(document: Document): Desired {
    const asked = Object.entries(document).filter(
      ([key, value]) => !key.startsWith("$") && value !== null,
    );
    const desired = asked.reduce<Desired>(
      (sum, [key, value]) => Object.assign(sum, this.#property(key, value)),
      { requestSettings: {}, outbox: {}, disabled: [] },
    );
    this.#checkEnabled(desired);
    return desired;
  }

  #property(key: string, value: unknown): Partial<Desired> {
    switch (key) {
      case "traffic":
        return { traffic: this.#traffic(value) };
      case "mirrorTraffic":
        return this.#mirror(value);
      case "requestSettings":
        return { requestSettings: this.#integers(key, value, REQUEST_SETTINGS) };
      case "outbox":
        return { outbox: this.#integers(key, value, OUTBOX_SETTINGS) };
      case "logLevel":
        return this.#logLevel(value);
      case "keys":
        return this.#keys(value);
      case "deployments":
        return { disabled: this.#disabled(value) };
      default:
        this.#unknown(key);
        return {};
    }
  }

  #traffic(value: unknown): Readonly<Record<string, number>> {
    const traffic = this.#shares("traffic", value, 100);
    const sum = Object.values(traffic).reduce((total, share) => total + share, 0);
    if (this.problems.length === 0 && sum !== 100 && sum !== 0) {
      this.#wrong(`traffic adds up to ${sum}, must be 100 or 0`);
    }
    return traffic;
  }

  #mirror(value: unknown): Pick<Desired, "mirror"> {
    const entries = Object.entries(this.#shares("mirrorTraffic", value, MAX_MIRROR_PERCENT));
    if (entries.length > 1) this.#wrong("mirrorTraffic names several deployments, may name one");
    const [first] = entries;
    if (first === undefined || first[1] === 0) return {};
    return { mirror: { deployment: first[0], percent: first[1] } };
  }

  #shares(key: string, value: unknown, maximum: number): Readonly<Record<string, number>> {
    const shares: [string, number][] = [];
    for (const [name, share] of Object.entries(this.#object(key, value))) {
      const deployment = this.#deployment(key, name);
      if (share === null) continue;
      const number = this.#integer(`${key}.${name}`, share, { minimum: 0, maximum });
      if (deployment !== undefined && number !== undefined) shares.push([deployment, number]);
    }
    return Object.fromEntries(shares);
  }

  #integers<T extends string>(
    key: string,
    value: unknown,
    ranges: Readonly<Record<T, Range>>,
  ): Partial<Record<T, number>> {
    const known: Partial<Record<T, number>> = {};
    for (const [name, setting] of Object.entries(this.#object(key, value))) {
      if (setting === null) continue;
      if (!Object.hasOwn(ranges, name)) this.#unknown(`${key}.${name}`);
      else {
        const number = this.#integer(`${key}.${name}`, setting, ranges[name as T]);
        if (number !== undefined) known[name as T] = number;
      }
    }
    return known;
  }

  #integer(path: string, value: unknown, { minimum, maximum }: Range): number | undefined {
    if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) {
      return Number(value);
    }
    this.#wrong(`${path} is ${show(value)}, must be a whole number from ${minimum} to ${maximum}`);
    return undefined;
  }

  #logLevel(value: unknown): Pick<Desired, "logLevel"> {
    const level = LOG_LEVEL_NAMES.find((name) => name === value);
    if (level !== undefined) return { logLevel: level };
    this.#wrong(`logLevel is ${show(value)}, must be one of ${LOG_LEVEL_NAMES.join(", ")}`);
    return {};
  }

  /** The values stay out of the message: somebody may have sent a key instead of its hash. */
  #keys(value: unknown): Pick<Desired, "keys"> {
    if (Array.isArray(value) && value.length <= 16) {
      const keys = value.filter((key) => typeof key === "string");
      if (keys.length === value.length) return { keys };
    }
    this.#wrong("keys is no list of up to 16 texts");
    return {};
  }

  #disabled(value: unknown): readonly string[] {
    return Object.entries(this.#object("deployments", value)).flatMap(([name, settings]) => {
      const deployment = this.#deployment("deployments", name);
      if (settings === null) return [];
      const { enabled, ...others } = this.#object(`deployments.${name}`, settings);
      for (const key of Object.keys(others)) this.#unknown(`deployments.${name}.${key}`);
      if (enabled !== undefined && enabled !== null && typeof enabled !== "boolean") {
        this.#wrong(`deployments.${name}.enabled is ${show(enabled)}, must be true or false`);
      }
      return enabled === false && deployment !== undefined ? [deployment] : [];
    });
  }

  #checkEnabled({ disabled }: Desired): void {
    if (disabled.length > 0 && disabled.length === this.#names.length) {
      this.#wrong("every deployment is switched off, at least one must stay");
    }
  }

  /** As the endpoint spells it. */
  #deployment(path: string, name: string): string | undefined {
    const found = this.#names.find((known) => known.toLowerCase() === name.toLowerCase());
    if (found === undefined) {
      this.#wrong(`${path} names '${name.slice(0, 100)}', there is ${this.#names.join(", ")}`);
    }
    return found;
  }

  #object(path: string, value: unknown): Document {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Document;
    }
    this.#wrong(`${path} is ${show(value)}, must be an object`);
    return {};
  }

  #unknown(path: string): void {
    const hint = "Set it to null to take it out of the twin.";
    this.#add("TWIN_UNKNOWN_KEY", `${path.slice(0, 200)} is not part of the contract`, hint);
  }

  #wrong(message: string): void {
    this.#add("TWIN_WRONG_VALUE", message);
  }

  #add(code: Code, message: string, hint?: string): void {
    const problem = { code, severity: "error", message } as const;
    this.problems.push(hint === undefined ? problem : { ...problem, hint });
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 100);
}

/**
 * The twin over all connections: what it asks for is read and judged, what is in force is reported.
 * A verdict that the hub has not taken is told again until it has: it may come between two
 * connections, and a report may be lost with the old one.
 */

import type { Log } from "../../../core/ports.ts";
import type { EdgeClient } from "../hub/client.ts";
import type { DesiredDocument } from "../hub/desired-document.ts";
import type { DesiredState, PatchReport } from "./desired-state.ts";

export type TwinSessionOptions = {
  readonly desired: DesiredState;
  /** Told once on each connection. */
  readonly identity: object;
  /** Told when it is another than before. */
  readonly state: () => object;
  readonly log: Log;
};

type Client = Pick<EdgeClient, "desired" | "report">;

const EVERY_MS = 60_000;

export class TwinSession {
  readonly #options: TwinSessionOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The newest one, until the hub has taken it. */
  #verdict: PatchReport | undefined;
  /** The state that the hub has. */
  #told = "";
  #read = false;

  constructor(options: TwinSessionOptions) {
    this.#options = options;
  }

  /** A connection is being made; patches on it say nothing before the whole section is there. */
  expectWhole(): void {
    this.#options.desired.expectWhole();
  }

  /** Does not reject: a hub that refuses its twin must not keep messages waiting. */
  async begin(client: Client): Promise<void> {
    this.#client = client;
    this.#told = "";
    this.#read = false;
    this.#timer = setInterval(() => void this.#again(client), EVERY_MS);
    await this.#readWhole(client);
    await this.#report(client, this.#options.identity);
  }

  patched(patch: DesiredDocument): void {
    const verdict = this.#options.desired.patch(patch);
    if (verdict === undefined) return;
    this.#verdict = verdict;
    if (this.#client !== undefined) void this.#report(this.#client, {});
  }

  end(): void {
    this.#client = undefined;
    clearInterval(this.#timer);
  }

  async #again(client: Client): Promise<void> {
    if (!this.#read) {
      this.#options.desired.expectWhole();
      await this.#readWhole(client);
    }
    await this.#report(client, {});
  }

  async #readWhole(client: Client): Promise<void> {
    const { desired, log } = this.#options;
    try {
      const whole = await client.desired();
      if (this.#client !== client) return;
      this.#verdict = desired.replace(whole) ?? this.#verdict;
      this.#read = true;
    } catch (error) {
      log.warn(`the desired properties cannot be read: ${(error as Error).message}`);
    }
  }

  async #report(client: Client, more: object): Promise<void> {
    const verdict = this.#verdict;
    const state = this.#options.state();
    const text = JSON.stringify(state);
    const nothing = verdict === undefined && Object.keys(more).length === 0;
    if (nothing && text === this.#told) return;
    try {
      await client.report({ ...more, ...(verdict && lastPatch(verdict)), ...state });
      if (this.#client !== client) return;
      this.#told = text;
      if (this.#verdict === verdict) this.#verdict = undefined;
    } catch (error) {
      this.#options.log.warn(`the twin does not take the report: ${(error as Error).message}`);
    }
  }
}

/** null first takes away the problems of the patch before. */
function lastPatch({ version, ok, problems }: PatchReport): object {
  const all = { p1: null, p2: null, p3: null, p4: null, p5: null, ...problems };
  return { lastPatch: { version, ok, problems: all } };
}

/** What the simulated device does, for people: a screen that is drawn again, or a line now and then. */

import type { Device } from "../../simulator/device.ts";
import type { HubMessage } from "../../simulator/hub/message.ts";

export type ViewState = {
  readonly modules: readonly {
    readonly name: string;
    readonly connected: boolean;
    readonly waiting: number;
    readonly restarts: number;
  }[];
  /** Since the view before. */
  readonly receivedPerSecond: number;
  readonly arrivedPerSecond: number;
  /** Of the newest messages that say who answered them. */
  readonly shares: Readonly<Record<string, number>>;
  readonly last: readonly string[];
  readonly arrived: number;
};

const SHARES_OVER = 200;
const LAST = 5;
const WIDTH = 100;
const DEPLOYMENT = "azureml-model-deployment";

/** Gives the present state each time it is called. @param now on a monotonic clock, in ms */
export function watchDevice(device: Device, now: () => number): () => ViewState {
  let before = { at: now(), received: 0, arrived: 0 };
  return () => {
    const { hub, upstream } = device;
    const at = now();
    const seconds = Math.max(0.001, (at - before.at) / 1000);
    const { received } = hub.counters();
    const arrived = upstream.count();
    const connected = new Set(hub.connectedModules());
    const rates = {
      receivedPerSecond: Math.max(0, received - before.received) / seconds,
      arrivedPerSecond: (arrived - before.arrived) / seconds,
    };
    before = { at, received, arrived };
    const newest = upstream.messages().slice(-SHARES_OVER);
    return {
      ...rates,
      arrived,
      shares: sharesOf(newest),
      last: newest.slice(-LAST).map(lineOf),
      modules: device.names.map((name) => ({
        name,
        connected: connected.has(name),
        waiting: hub.queueLength(name),
        restarts: device.modules.get(name)?.restarts() ?? 0,
      })),
    };
  };
}

function sharesOf(messages: readonly HubMessage[]): Readonly<Record<string, number>> {
  const names = messages.flatMap(({ bag }) => bag.properties[DEPLOYMENT] ?? []);
  const shares = new Map<string, number>();
  for (const name of names) shares.set(name, (shares.get(name) ?? 0) + 100 / names.length);
  return Object.fromEntries([...shares].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function lineOf({ source, bag, body }: HubMessage): string {
  const from = source.replace("/messages/modules/", "").replace(/\/$/, "");
  const text = Buffer.from(body.subarray(0, WIDTH)).toString();
  return `${from}  ${bag.system["mid"] ?? ""}  ${text}`.slice(0, WIDTH);
}

export function renderScreen(state: ViewState): string {
  const width = Math.max(6, ...state.modules.map(({ name }) => name.length));
  const modules = state.modules.map(
    ({ name, connected, waiting, restarts }) =>
      `${name.padEnd(width)}  ${connected ? "connected" : "away     "}  ${String(waiting).padStart(7)}  ${String(restarts).padStart(8)}`,
  );
  return [
    `${"module".padEnd(width)}  hub        waiting  restarts`,
    ...modules,
    "",
    `${state.receivedPerSecond.toFixed(1)} messages/s in, ${state.arrivedPerSecond.toFixed(1)}/s to the cloud, ${state.arrived} so far`,
    `traffic: ${shareText(state) || "no scores yet"}`,
    "",
    ...state.last,
  ].join("\n");
}

/** One line. */
export function renderPlain(state: ViewState): string {
  const modules = state.modules.map(
    ({ name, connected, waiting }) =>
      `${name} ${connected ? "connected" : "away"} ${waiting} waiting`,
  );
  const rates = `${state.receivedPerSecond.toFixed(1)}/s in, ${state.arrivedPerSecond.toFixed(1)}/s to the cloud`;
  return [...modules, rates, shareText(state)].filter((part) => part !== "").join("; ");
}

function shareText({ shares }: ViewState): string {
  return Object.entries(shares)
    .map(([name, share]) => `${name} ${share.toFixed(0)} %`)
    .join(", ");
}

export type ViewMode = "screen" | "plain" | "none";

const SCREEN_MS = 500;
const PLAIN_MS = 5_000;
const CLEAR = "\u001B[2J\u001B[H";

/** Shows the device until it is told to end. */
export function showDevice(
  device: Device,
  mode: ViewMode,
  write: (text: string) => void,
): { readonly end: () => void } {
  if (mode === "none") return { end: () => undefined };
  const look = watchDevice(device, () => performance.now());
  const draw = (): void => {
    if (mode === "screen") write(`${CLEAR}${renderScreen(look())}\n`);
    else write(`${renderPlain(look())}\n`);
  };
  const timer = setInterval(draw, mode === "screen" ? SCREEN_MS : PLAIN_MS);
  return { end: () => clearInterval(timer) };
}

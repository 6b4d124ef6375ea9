/** How does a machine turn, how often do its balls pass a dent, and how does its housing ring? */

import { exp, sin } from "../arithmetic/exact.ts";
import type { Random } from "../arithmetic/random.ts";
import { type Signal, WINDOW_SECONDS } from "./window.ts";

/** A deep-groove ball bearing of type 6205. */
const BEARING = { balls: 9, ballMm: 7.94, pitchMm: 39.04 } as const;
const BALL_TO_PITCH = BEARING.ballMm / BEARING.pitchMm;

/** Balls that pass a point of the ring in one turn of the shaft; the contact angle is 0. */
export const PASSES_PER_TURN = {
  "outer-race": (BEARING.balls / 2) * (1 - BALL_TO_PITCH),
  "inner-race": (BEARING.balls / 2) * (1 + BALL_TO_PITCH),
} as const;

/** What is the same for the whole window. */
export type Machine = {
  readonly shaftHz: number;
  /** Relative change of the speed over the window. */
  readonly drift: number;
  /** Angle at the start of the window, in turns. */
  readonly startTurns: number;
  /** Of the nominal load. */
  readonly load: number;
  /** Resonances shift with mounting and temperature. */
  readonly modeScale: number;
};

export function drawMachine(random: Random): Machine {
  return {
    shaftHz: random.uniform(22, 32),
    drift: random.uniform(-0.03, 0.03),
    startTurns: random.uniform(0, 1),
    load: random.uniform(0.5, 1.5),
    modeScale: 1 + 0.05 * random.normal(),
  };
}

const TURN = 2 * Math.PI;

export function turnsAt(machine: Machine, seconds: number): number {
  const stretch = 1 + (machine.drift * seconds) / (2 * WINDOW_SECONDS);
  return machine.startTurns + machine.shaftHz * seconds * stretch;
}

export function speedHzAt(machine: Machine, seconds: number): number {
  return machine.shaftHz * (1 + (machine.drift * seconds) / WINDOW_SECONDS);
}

/** Centrifugal forces grow with the square of the speed: 1 at 27 turns a second. */
export function centrifugal(machine: Machine): number {
  const relative = machine.shaftHz / 27;
  return relative * relative;
}

/** A sine whose phase is given in turns. */
export function tone(amplitudeG: number, turns: (seconds: number) => number): Signal {
  return { at: (seconds) => amplitudeG * sin(TURN * turns(seconds)) };
}

/** How the housing rings after a blow. */
const MODES = [
  { hz: 1750, decaySeconds: 0.0011, share: 0.7 },
  { hz: 640, decaySeconds: 0.0022, share: 0.45 },
] as const;
export const RINGING_SECONDS = 0.012;

export type Blow = { readonly atSeconds: number; readonly strengthG: number };

export function ringing(machine: Machine, { atSeconds, strengthG }: Blow): Signal {
  return {
    fromSeconds: atSeconds,
    toSeconds: atSeconds + RINGING_SECONDS,
    at: (seconds) => {
      const since = seconds - atSeconds;
      let sum = 0;
      for (const { hz, decaySeconds, share } of MODES) {
        sum += share * exp(-since / decaySeconds) * sin(TURN * hz * machine.modeScale * since);
      }
      return strengthG * sum;
    },
  };
}

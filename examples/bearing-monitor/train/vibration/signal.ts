/** What does an accelerometer on a bearing's housing see, healthy or with one of three faults? */

import { cos, exp, sin } from "../arithmetic/exact.ts";
import type { Random } from "../arithmetic/random.ts";

export const SAMPLE_RATE_HZ = 5120;
/** A tenth of a second. */
export const WINDOW_SAMPLES = 512;

export const CLASSES = ["healthy", "inner-race", "outer-race", "imbalance"] as const;
export type Condition = (typeof CLASSES)[number];

/** A deep-groove ball bearing of type 6205. */
const BEARING = { balls: 9, ballMm: 7.94, pitchMm: 39.04 } as const;
const BALL_TO_PITCH = BEARING.ballMm / BEARING.pitchMm;

/** Balls that pass a point of the ring in one turn of the shaft; the contact angle is 0. */
export const PASSES_PER_TURN = {
  "outer-race": (BEARING.balls / 2) * (1 - BALL_TO_PITCH),
  "inner-race": (BEARING.balls / 2) * (1 + BALL_TO_PITCH),
} as const;

/** How the housing rings after a blow. */
const MODES = [
  { hz: 1750, decaySeconds: 0.0011, share: 0.7 },
  { hz: 640, decaySeconds: 0.0022, share: 0.45 },
] as const;
const RINGING_SECONDS = 0.012;

/** What is the same for the whole window. */
type Machine = {
  readonly random: Random;
  readonly shaftHz: number;
  /** Relative change of the speed over the window. */
  readonly drift: number;
  /** Angle at the start of the window, in turns. */
  readonly startTurns: number;
  readonly load: number;
  /** Resonances shift with mounting and temperature. */
  readonly modeScale: number;
};

const WINDOW_SECONDS = WINDOW_SAMPLES / SAMPLE_RATE_HZ;
const TURN = 2 * Math.PI;

function turnsAt(machine: Machine, seconds: number): number {
  const stretch = 1 + (machine.drift * seconds) / (2 * WINDOW_SECONDS);
  return machine.startTurns + machine.shaftHz * seconds * stretch;
}

type Tone = { readonly amplitudeG: number; readonly turnsAt: (seconds: number) => number };

function addTone(window: Float64Array, tone: Tone): void {
  for (const i of window.keys()) {
    window[i] =
      (window[i] as number) + tone.amplitudeG * sin(TURN * tone.turnsAt(i / SAMPLE_RATE_HZ));
  }
}

type Blow = { readonly atSeconds: number; readonly strengthG: number };

function addBlow(window: Float64Array, blow: Blow, machine: Machine): void {
  const first = Math.max(0, Math.ceil(blow.atSeconds * SAMPLE_RATE_HZ));
  const end = Math.min(window.length, (blow.atSeconds + RINGING_SECONDS) * SAMPLE_RATE_HZ);
  for (let i = first; i < end; i += 1) {
    const since = i / SAMPLE_RATE_HZ - blow.atSeconds;
    for (const mode of MODES) {
      const ringing =
        exp(-since / mode.decaySeconds) * sin(TURN * mode.hz * machine.modeScale * since);
      window[i] = (window[i] as number) + blow.strengthG * mode.share * ringing;
    }
  }
}

/** Residual imbalance and misalignment of any machine, the hum of its motor, chance knocks. */
function addEverydayVibration(window: Float64Array, machine: Machine): void {
  const { random, shaftHz } = machine;
  for (const [harmonic, mostG] of [
    [1, 0.08],
    [2, 0.06],
    [3, 0.04],
  ] as const) {
    const amplitudeG = random.uniform(0.2, 1) * mostG * (shaftHz / 27) * (shaftHz / 27);
    const phase = random.uniform(0, 1);
    addTone(window, { amplitudeG, turnsAt: (t) => harmonic * turnsAt(machine, t) + phase });
  }
  const humPhase = random.uniform(0, 1);
  addTone(window, { amplitudeG: random.uniform(0, 0.06), turnsAt: (t) => 100 * t + humPhase });
  for (let knocks = random.below(3); knocks > 0; knocks -= 1) {
    const atSeconds = random.uniform(-RINGING_SECONDS, WINDOW_SECONDS);
    addBlow(window, { atSeconds, strengthG: random.uniform(0.1, 0.5) }, machine);
  }
}

/** The centrifugal force grows with the square of the speed. */
function addImbalance(window: Float64Array, machine: Machine): void {
  const { random, shaftHz } = machine;
  const amplitudeG = random.logUniform(0.12, 0.5) * (shaftHz / 27) * (shaftHz / 27);
  const phase = random.uniform(0, 1);
  addTone(window, { amplitudeG, turnsAt: (t) => turnsAt(machine, t) + phase });
}

/**
 * A dent is hit by one ball after the other. On the outer ring it stays in the loaded zone; on the
 * inner ring it turns with the shaft, through the loaded zone once in each turn.
 */
function addRaceFault(
  window: Float64Array,
  machine: Machine,
  race: keyof typeof PASSES_PER_TURN,
): void {
  const { random, load } = machine;
  const strengthG = random.logUniform(0.7, 2.5) * load;
  const zone = random.uniform(0, 1);
  const interval = 1 / (PASSES_PER_TURN[race] * machine.shaftHz);
  let at = -RINGING_SECONDS + random.uniform(0, interval);
  while (at < WINDOW_SECONDS) {
    const loaded = 0.5 + 0.5 * cos(TURN * (turnsAt(machine, at) - zone));
    const gain = race === "inner-race" ? 0.1 + 0.9 * loaded * loaded : 0.55;
    const strength = strengthG * gain * (1 + 0.15 * random.normal());
    addBlow(window, { atSeconds: at, strengthG: strength }, machine);
    const speed = 1 + (machine.drift * at) / WINDOW_SECONDS;
    // Balls slip a little, so blows are never quite periodic.
    at += (interval / speed) * (1 + 0.012 * random.normal());
  }
}

/** One window in g, as the machine moves: before the sensor rounds it. */
export function simulateWindow(condition: Condition, random: Random): Float64Array {
  const machine: Machine = {
    random,
    shaftHz: random.uniform(22, 32),
    drift: random.uniform(-0.03, 0.03),
    startTurns: random.uniform(0, 1),
    load: random.uniform(0.5, 1.5),
    modeScale: 1 + 0.05 * random.normal(),
  };
  const window = new Float64Array(WINDOW_SAMPLES);
  addEverydayVibration(window, machine);
  if (condition === "imbalance") addImbalance(window, machine);
  else if (condition !== "healthy") addRaceFault(window, machine, condition);
  const noiseG = random.uniform(0.04, 0.1);
  const offsetG = random.uniform(-0.05, 0.05);
  for (const i of window.keys()) {
    window[i] = (window[i] as number) + offsetG + noiseG * random.normal();
  }
  return window;
}

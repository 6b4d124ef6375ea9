/** What does an accelerometer on a bearing's housing see, healthy or with one of three faults? */

import { cos } from "../arithmetic/exact.ts";
import type { Random } from "../arithmetic/random.ts";
import {
  centrifugal,
  drawMachine,
  type Machine,
  PASSES_PER_TURN,
  ringing,
  RINGING_SECONDS,
  speedHzAt,
  tone,
  turnsAt,
} from "./machine.ts";
import { addSignal, type Signal, WINDOW_SAMPLES, WINDOW_SECONDS } from "./window.ts";

export const CLASSES = ["healthy", "inner-race", "outer-race", "imbalance"] as const;
export type Condition = (typeof CLASSES)[number];

/** Slight imbalance and misalignment, the hum of the motor, chance knocks, noise: any machine. */
function everyday(machine: Machine, random: Random): readonly Signal[] {
  const lines = [0.08, 0.06, 0.04].map((mostG, n) => {
    const phase = random.uniform(0, 1);
    const amplitudeG = random.uniform(0.2, 1) * mostG * centrifugal(machine);
    return tone(amplitudeG, (seconds) => (n + 1) * turnsAt(machine, seconds) + phase);
  });
  const humPhase = random.uniform(0, 1);
  const hum = tone(random.uniform(0, 0.06), (seconds) => 100 * seconds + humPhase);
  const knocks = Array.from({ length: random.below(3) }, () =>
    ringing(machine, {
      atSeconds: random.uniform(-RINGING_SECONDS, WINDOW_SECONDS),
      strengthG: random.uniform(0.1, 0.5),
    }),
  );
  const offsetG = random.uniform(-0.05, 0.05);
  const noiseG = random.uniform(0.04, 0.1);
  const noise = { at: () => offsetG + noiseG * random.normal() };
  return [...lines, hum, ...knocks, noise];
}

function imbalance(machine: Machine, random: Random): readonly Signal[] {
  const phase = random.uniform(0, 1);
  const amplitudeG = random.logUniform(0.12, 0.5) * centrifugal(machine);
  return [tone(amplitudeG, (seconds) => turnsAt(machine, seconds) + phase)];
}

/**
 * One ball after the other hits the dent. In the outer ring it stays in the loaded zone; in the
 * inner ring it turns with the shaft, and passes the loaded zone once a turn.
 */
function dent(
  race: keyof typeof PASSES_PER_TURN,
  machine: Machine,
  random: Random,
): readonly Signal[] {
  const severityG = random.logUniform(0.7, 2.5) * machine.load;
  const zoneTurns = random.uniform(0, 1);
  const gainAt = (seconds: number): number => {
    if (race === "outer-race") return 0.55;
    const loaded = 0.5 + 0.5 * cos(2 * Math.PI * (turnsAt(machine, seconds) - zoneTurns));
    return 0.1 + 0.9 * loaded * loaded;
  };
  // Balls slip a little, so blows are never quite periodic.
  const intervalAt = (seconds: number): number =>
    (1 + 0.012 * random.normal()) / (PASSES_PER_TURN[race] * speedHzAt(machine, seconds));
  const blows: Signal[] = [];
  let atSeconds = -RINGING_SECONDS + random.uniform(0, intervalAt(0));
  for (; atSeconds < WINDOW_SECONDS; atSeconds += intervalAt(atSeconds)) {
    const strengthG = severityG * gainAt(atSeconds) * (1 + 0.15 * random.normal());
    blows.push(ringing(machine, { atSeconds, strengthG }));
  }
  return blows;
}

function fault(condition: Condition, machine: Machine, random: Random): readonly Signal[] {
  if (condition === "healthy") return [];
  if (condition === "imbalance") return imbalance(machine, random);
  return dent(condition, machine, random);
}

/** One window in g, as the housing moves: before the sensor rounds it. */
export function simulateWindow(condition: Condition, random: Random): Float64Array {
  const machine = drawMachine(random);
  const window = new Float64Array(WINDOW_SAMPLES);
  for (const signal of [...everyday(machine, random), ...fault(condition, machine, random)]) {
    addSignal(window, signal);
  }
  return window;
}

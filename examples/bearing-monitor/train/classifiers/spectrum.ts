/** How much of a window vibrates at a given frequency? As a product with two matrices. */

import { cos, log, sin } from "../arithmetic/exact.ts";
import { SAMPLE_RATE_HZ, WINDOW_SAMPLES } from "../vibration/window.ts";

/** One bin of the window's own resolution, 10 Hz. */
const BIN_HZ = SAMPLE_RATE_HZ / WINDOW_SAMPLES;

export type Spectrum = {
  readonly bins: number;
  /** `[WINDOW_SAMPLES, bins]`, row-major, tapered so that a tone stays within its neighbouring bins. */
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
};

/** All bins from the first up to `highestHz`. */
export function planSpectrum(highestHz: number): Spectrum {
  const bins = Math.round(highestHz / BIN_HZ);
  const cosines = new Float32Array(WINDOW_SAMPLES * bins);
  const sines = new Float32Array(WINDOW_SAMPLES * bins);
  for (let i = 0; i < WINDOW_SAMPLES; i += 1) {
    const turn = (2 * Math.PI * i) / WINDOW_SAMPLES;
    // Hann's window; the factor makes a tone of amplitude 1 g give a power of 1.
    const taper = ((0.5 - 0.5 * cos(turn)) * 4) / WINDOW_SAMPLES;
    for (let bin = 0; bin < bins; bin += 1) {
      const angle = turn * (bin + 1);
      cosines[i * bins + bin] = taper * cos(angle);
      sines[i * bins + bin] = taper * sin(angle);
    }
  }
  return { bins, cosines, sines };
}

/** Below what noise alone gives; keeps the logarithm finite. */
export const POWER_FLOOR = 1e-7;

/** Natural logarithms of the powers; the mean of the window is to be taken out before. */
export function logPowers(spectrum: Spectrum, window: Float64Array): Float64Array {
  const { bins, cosines, sines } = spectrum;
  const real = new Float64Array(bins);
  const imaginary = new Float64Array(bins);
  for (let i = 0; i < WINDOW_SAMPLES; i += 1) {
    const value = window[i] as number;
    for (let bin = 0; bin < bins; bin += 1) {
      real[bin] = (real[bin] as number) + value * (cosines[i * bins + bin] as number);
      imaginary[bin] = (imaginary[bin] as number) + value * (sines[i * bins + bin] as number);
    }
  }
  return real.map((re, bin) => {
    const im = imaginary[bin] as number;
    return log(re * re + im * im + POWER_FLOOR);
  });
}

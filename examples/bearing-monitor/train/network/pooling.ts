/** How is a channel summed up in one number, wherever in the window something happened? */

import type { Layer } from "./layer.ts";

/** `[channels, length]` → the mean of each channel. */
export function meanPooling(channels: number, length: number): Layer {
  const output = new Float64Array(channels);
  const inputGradient = new Float64Array(channels * length);
  return {
    parameters: [],
    forward: (input) => {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let i = 0; i < length; i += 1) sum += input[channel * length + i] as number;
        output[channel] = sum / length;
      }
      return output;
    },
    backward: (gradient) => {
      for (let channel = 0; channel < channels; channel += 1) {
        const share = (gradient[channel] as number) / length;
        inputGradient.fill(share, channel * length, (channel + 1) * length);
      }
      return inputGradient;
    },
  };
}

/** What is a step of a network, and how are steps put in a row? */

/** Weights that training moves; row-major. */
export type Parameter = {
  readonly dims: readonly number[];
  readonly values: Float64Array;
  /** Sum over the samples since it was last cleared. */
  readonly gradient: Float64Array;
};

/** Works on one sample at a time; what it returns is its own and valid until its next call. */
export type Layer = {
  readonly parameters: readonly Parameter[];
  readonly forward: (input: Float64Array) => Float64Array;
  /** From ∂loss/∂output of the last input: adds to the parameters' gradients, gives ∂loss/∂input. */
  readonly backward: (gradient: Float64Array) => Float64Array;
};

export function parameter(dims: readonly number[], initial: () => number): Parameter {
  const values = new Float64Array(dims.reduce((count, dim) => count * dim, 1));
  for (const i of values.keys()) values[i] = initial();
  return { dims, values, gradient: new Float64Array(values.length) };
}

export function sequence(layers: readonly Layer[]): Layer {
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    forward: (input) => layers.reduce((value, layer) => layer.forward(value), input),
    backward: (gradient) => layers.reduceRight((value, layer) => layer.backward(value), gradient),
  };
}

export function relu(size: number): Layer {
  const output = new Float64Array(size);
  const inputGradient = new Float64Array(size);
  return {
    parameters: [],
    forward: (input) => {
      for (let i = 0; i < size; i += 1) output[i] = Math.max(0, input[i] as number);
      return output;
    },
    backward: (gradient) => {
      for (let i = 0; i < size; i += 1) {
        inputGradient[i] = (output[i] as number) > 0 ? (gradient[i] as number) : 0;
      }
      return inputGradient;
    },
  };
}

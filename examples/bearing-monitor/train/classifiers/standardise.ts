/** How are numbers brought to mean 0 and deviation 1? */

/** A window without its mean: an accelerometer's offset tells nothing about the bearing. */
export function centred(window: Float32Array): Float64Array {
  const values = Float64Array.from(window);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

export type Scaling = { readonly mean: Float64Array; readonly deviation: Float64Array };

/** Of each column. */
export function scalingOf(rows: readonly Float64Array[]): Scaling {
  const columns = rows[0]?.length ?? 0;
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (let column = 0; column < columns; column += 1) {
    let [sum, squares] = [0, 0];
    for (const row of rows) {
      const value = row[column] as number;
      sum += value;
      squares += value * value;
    }
    const middle = sum / rows.length;
    mean[column] = middle;
    deviation[column] = Math.sqrt(squares / rows.length - middle * middle);
  }
  return { mean, deviation };
}

export function scaled(row: Float64Array, { mean, deviation }: Scaling): Float64Array {
  return row.map(
    (value, column) => (value - (mean[column] as number)) / (deviation[column] as number),
  );
}

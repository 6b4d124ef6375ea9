/** A list of numbers, or lists of such lists, of one regular shape: what tensors arrive as. */

export class NumberList {
  readonly dims: readonly number[];
  /** Row-major; exact as the reader of the JSON promises. The next body is read into the same place. */
  readonly data: Float64Array;

  constructor(dims: readonly number[], data: Float64Array) {
    this.dims = dims;
    this.data = data;
  }

  /** The same as lists in lists, for the few places that look at single rows. */
  toNested(): readonly unknown[] {
    const level = (axis: number, start: number): unknown[] => {
      const length = this.dims[axis] ?? 0;
      const width = this.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
      return Array.from({ length }, (_, index) =>
        axis === this.dims.length - 1
          ? this.data[start + index]
          : level(axis + 1, start + index * width),
      );
    };
    return level(0, 0);
  }
}

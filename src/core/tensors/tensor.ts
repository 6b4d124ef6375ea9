/** Element types, shapes and tensors: the one owner of shape arithmetic. Axis 0 is the batch axis. */

/**
 * `oip`: name in the Open Inference Protocol; `onnx`: number in TensorProto.DataType;
 * `bytes`: size of one element in raw form (0: variable).
 *
 * @source onnx/onnx: onnx/onnx.proto (TensorProto.DataType); open-inference-protocol: inference_rest.md
 */
export const DTYPES = {
  float32: { oip: "FP32", onnx: 1, bytes: 4 },
  uint8: { oip: "UINT8", onnx: 2, bytes: 1 },
  int8: { oip: "INT8", onnx: 3, bytes: 1 },
  uint16: { oip: "UINT16", onnx: 4, bytes: 2 },
  int16: { oip: "INT16", onnx: 5, bytes: 2 },
  int32: { oip: "INT32", onnx: 6, bytes: 4 },
  int64: { oip: "INT64", onnx: 7, bytes: 8 },
  string: { oip: "BYTES", onnx: 8, bytes: 0 },
  bool: { oip: "BOOL", onnx: 9, bytes: 1 },
  float16: { oip: "FP16", onnx: 10, bytes: 2 },
  float64: { oip: "FP64", onnx: 11, bytes: 8 },
  uint32: { oip: "UINT32", onnx: 12, bytes: 4 },
  uint64: { oip: "UINT64", onnx: 13, bytes: 8 },
} as const satisfies Record<string, { oip: string; onnx: number; bytes: number }>;

export type DType = keyof typeof DTYPES;

export const DTYPE_NAMES = Object.keys(DTYPES) as readonly DType[];

/** A declared dimension: a number, or the name of a symbolic one (`"?"` where the model gives none). */
export type Dimension = number | string;

/** float16 travels as its 16 bits; bool as 0 and 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

export type Tensor = {
  readonly type: DType;
  /** Row-major; empty for a scalar. */
  readonly dims: readonly number[];
  readonly data: TensorData;
};

const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const;

/** Room for `count` elements, all zero (empty strings for `string`). */
export function allocate<T extends DType>(
  type: T,
  count: number,
): T extends keyof typeof ARRAYS ? InstanceType<(typeof ARRAYS)[T]> : string[];
export function allocate(type: DType, count: number): TensorData | string[] {
  return type === "string" ? Array.from({ length: count }, () => "") : new ARRAYS[type](count);
}

/** Elements of a tensor of these dimensions: 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) count *= dim;
  return count;
}

export function showShape(dims: readonly Dimension[]): string {
  return `[${dims.join(",")}]`;
}

/** Whether concrete dimensions are an instance of declared ones; a symbolic dimension takes any size. */
export function shapeFits(declared: readonly Dimension[], dims: readonly number[]): boolean {
  return (
    declared.length === dims.length &&
    declared.every((want, axis) => typeof want === "string" || want === dims[axis])
  );
}

/**
 * The dimensions that `count` elements take under a declared shape, when they are determined:
 * no symbolic dimension and the counts agree, or exactly one and it divides evenly. Else `undefined`.
 */
export function inferDims(
  declared: readonly Dimension[],
  count: number,
): readonly number[] | undefined {
  let known = 1;
  let free = 0;
  for (const dim of declared) {
    if (typeof dim === "number") known *= dim;
    else free += 1;
  }
  if (free === 0) return known === count ? (declared as readonly number[]) : undefined;
  if (free > 1 || known === 0 || count % known !== 0) return undefined;
  return declared.map((dim) => (typeof dim === "number" ? dim : count / known));
}

/** Which tensors go into which weights file, so that a changed one costs a device little? */

const MIB = 1 << 20;
/** The last tensors, those that are retrained alone most often. */
const HEAD_BYTES = MIB;
const LEAST_FILE_BYTES = 16 * MIB;
const MOST_FILES = 32;
/** Of every tensor's place in its file: what a system maps. */
const ALIGNMENT_BYTES = 4096;

export type Sized = { readonly bytes: number };

export type WeightsCut<T> = {
  /** In the order of first use. */
  readonly body: readonly (readonly T[])[];
  /** Empty only where there are no tensors. */
  readonly head: readonly T[];
};

/** Sizes are those of the files: the gaps between tensors count. @param tensors in the order of first use */
export function cutWeights<T extends Sized>(tensors: readonly T[]): WeightsCut<T> {
  const total = tensors.reduce((sum, { bytes }) => aligned(sum) + bytes, 0);
  let headStart = Math.max(0, tensors.length - 1);
  let headBytes = tensors[headStart]?.bytes ?? 0;
  for (let next = headStart - 1; next >= 0; next -= 1) {
    headBytes += aligned(tensors[next]?.bytes ?? 0);
    if (headBytes > HEAD_BYTES) break;
    headStart = next;
  }
  const fileBytes = Math.max(LEAST_FILE_BYTES, total / MOST_FILES);
  const body: T[][] = [];
  let filled = 0;
  for (const tensor of tensors.slice(0, headStart)) {
    const file = body.at(-1);
    if (file === undefined || aligned(filled) + tensor.bytes > fileBytes) {
      body.push([tensor]);
      filled = tensor.bytes;
    } else {
      file.push(tensor);
      filled = aligned(filled) + tensor.bytes;
    }
  }
  return { body, head: tensors.slice(headStart) };
}

export type Placed<T> = { readonly tensor: T; readonly offset: number };

/** Where each tensor begins in the file that holds them all. */
export function placeTensors<T extends Sized>(tensors: readonly T[]): readonly Placed<T>[] {
  let end = 0;
  return tensors.map((tensor) => {
    const offset = aligned(end);
    end = offset + tensor.bytes;
    return { tensor, offset };
  });
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

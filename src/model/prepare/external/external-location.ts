/** Where does a tensor's external data lie? Inside the model's folder, in a plain file, or nowhere. */

import { lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, sep } from "node:path";

import { escapeControls } from "../../../core/escape-controls.ts";
import { userError } from "../../../core/problem.ts";
import { fieldsOf } from "../../protobuf.ts";

export type ExternalPlace = {
  /** As the model writes it. */
  readonly location: string;
  /** NaN where it is written in another way than in decimal digits. */
  readonly offset: number;
  /** To the end of the tensor where it is absent; NaN as for the offset. */
  readonly length: number | undefined;
  /** Offset and length as the model writes them. */
  readonly written: string;
};

const text = new TextDecoder();

/** @param entries the StringStringEntryProto messages of `external_data` */
export function externalPlace(entries: readonly Uint8Array[]): ExternalPlace {
  const values = new Map<string, string>();
  for (const entry of entries) {
    let key = "";
    let value = "";
    for (const field of fieldsOf(entry)) {
      if (field.number === 1) key = text.decode(field.bytes);
      else if (field.number === 2) value = text.decode(field.bytes);
    }
    values.set(key, value);
  }
  const offset = values.get("offset") ?? "0";
  const length = values.get("length");
  return {
    location: values.get("location") ?? "",
    offset: bytesOf(offset),
    length: length === undefined ? undefined : bytesOf(length),
    written: `offset '${offset}'${length === undefined ? "" : ` and length '${length}'`}`,
  };
}

function bytesOf(written: string): number {
  return /^\d+$/u.test(written) ? Number(written) : Number.NaN;
}

export type ExternalRange = {
  readonly model: string;
  /** In words, its name in quotes. */
  readonly tensor: string;
  readonly place: ExternalPlace;
  /** What the tensor's type and dimensions ask for. */
  readonly bytes: number;
};

/** The file of the range, proven to be the model's own. @throws UserError */
export function externalFile({ model, tensor, place, bytes }: ExternalRange): string {
  const { location, offset, length = bytes, written } = place;
  const refuse = (fault: string): Error =>
    userError("MODEL_EXTERNAL", escapeControls(`${model}: the data of ${tensor} ${fault}.`), {
      hint: "Put the data file into the model's folder, and export the model again if it has changed.",
    });
  const parts = location.split(/[/\\]/u);
  if (location === "" || isAbsolute(location) || parts.includes("..") || location.includes("\0"))
    throw refuse(`is at '${location}', which is no place inside the model's folder`);
  if (Number.isNaN(offset) || Number.isNaN(length))
    throw refuse(`is at ${written} of '${location}', which are no whole numbers of bytes`);
  const folder = dirname(model);
  const file = join(folder, location);
  let size;
  try {
    const stats = lstatSync(file);
    if (!stats.isFile()) throw refuse(`is at '${location}', which is a link or no plain file`);
    if (!realpathSync(file).startsWith(realpathSync(folder) + sep))
      throw refuse(`is at '${location}', which leads out of the model's folder`);
    size = stats.size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw refuse(`is at '${location}', which cannot be read (${code})`);
  }
  if (!(Number.isSafeInteger(offset) && offset >= 0 && length === bytes))
    throw refuse(
      `is ${length} bytes at ${offset} of '${location}', and its type and shape ask for ${bytes}`,
    );
  if (offset + length > size)
    throw refuse(`ends at byte ${offset + length} of '${location}', which has ${size}`);
  return file;
}

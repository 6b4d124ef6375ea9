/** Which files beside a model hold numbers of it, those of its nodes included? */

import { fieldsOf } from "../../protobuf.ts";
import { externalFile, externalPlace } from "./external-location.ts";
import type { ExternalPlace } from "./external-location.ts";
import { liftModel } from "../lift.ts";
import { FIELD, messagesIn } from "../bytes/messages.ts";

/** In the order of their names. @throws UserError where one lies outside of the model's folder */
export function externalFilesOf(path: string): readonly string[] {
  const model = liftModel(path);
  const files = new Set<string>();
  for (const { externalFile: file } of model?.initializers ?? [])
    if (file !== undefined) files.add(file);
  for (const raw of model?.graphFields ?? []) {
    const [field] = fieldsOf(raw);
    if (field?.number !== FIELD.graphNode) continue;
    for (const { tensor, place } of nodePlaces(field.bytes))
      files.add(externalFile({ model: path, tensor, place, bytes: place.length ?? 0 }));
  }
  return [...files].toSorted();
}

type NodePlace = { readonly tensor: string; readonly place: ExternalPlace };

const text = new TextDecoder();

function* nodePlaces(node: Uint8Array): Generator<NodePlace> {
  for (const { kind, message } of messagesIn(node, "node")) {
    if (kind !== "tensor") continue;
    const fields = [...fieldsOf(message)];
    const entries = fields.filter(({ number }) => number === FIELD.tensorExternal);
    const name = fields.find(({ number }) => number === FIELD.tensorName);
    const tensor = name === undefined ? "a constant of a node" : `'${text.decode(name.bytes)}'`;
    if (entries.length > 0)
      yield { tensor, place: externalPlace(entries.map(({ bytes }) => bytes)) };
  }
}

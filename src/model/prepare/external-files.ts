/** Which files beside a model hold numbers of it, those of its nodes included? */

import { fieldsOf } from "../protobuf.ts";
import { externalFile, externalPlace } from "./external-location.ts";
import { liftModel } from "./lift.ts";
import { FIELD, messagesIn } from "./messages.ts";

/** In the order of their names. @throws UserError where one lies outside of the model's folder */
export function externalFilesOf(path: string): readonly string[] {
  const model = liftModel(path);
  const files = new Set<string>();
  for (const { externalFile: file } of model?.initializers ?? [])
    if (file !== undefined) files.add(file);
  for (const raw of model?.graphFields ?? []) {
    const [field] = fieldsOf(raw);
    if (field?.number !== FIELD.graphNode) continue;
    for (const place of nodePlaces(field.bytes)) {
      const range = { model: path, tensor: "a node's tensor", place };
      files.add(externalFile({ ...range, bytes: place.length ?? 0 }));
    }
  }
  return [...files].toSorted();
}

function* nodePlaces(node: Uint8Array): Generator<ReturnType<typeof externalPlace>> {
  for (const { kind, message } of messagesIn(node, "node")) {
    if (kind !== "tensor") continue;
    const entries = [...fieldsOf(message)].filter(({ number }) => number === FIELD.tensorExternal);
    if (entries.length > 0) yield externalPlace(entries.map(({ bytes }) => bytes));
  }
}

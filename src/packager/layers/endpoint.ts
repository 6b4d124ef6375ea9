/** Which part of the image changes most often? What the endpoint says, and where it may write. */

import { textFile, directory, entriesKey } from "../entry.ts";
import type { Entry, Owner } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { ENDPOINT_FILE } from "./places.ts";

/** @param owner  who runs the module: a new volume takes the owner of the folder it covers */
export async function endpointLayer(
  endpoint: ResolvedEndpoint,
  owner: Owner,
): Promise<LayerSource> {
  const volume = endpoint.module.volume?.path.replace(/^\/+|\/+$/gu, "");
  const entries: readonly Entry[] = [
    textFile(ENDPOINT_FILE, `${JSON.stringify(endpoint, undefined, 2)}\n`),
    ...(volume === undefined ? [] : [{ ...directory(volume), owner }]),
  ];
  return {
    name: "endpoint",
    group: "endpoint",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
  };
}

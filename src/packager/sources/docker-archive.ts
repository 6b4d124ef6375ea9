/** Which bytes does an engine load to have one stored image, under a name that we choose? */

import { textFile } from "../entry.ts";
import type { Entry, FileEntry } from "../entry.ts";
import { tarChunks } from "../image/tar.ts";
import type { StoredImage } from "./stored-image.ts";

/** Layers compressed or not, as they lie there. @param signal breaks the archive off */
export async function* dockerArchive(
  { config, layers }: StoredImage,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const placed = [config, ...layers].map(({ digest, file, bytes }): FileEntry => ({
    kind: "file",
    path: `blobs/${digest.replace(":", "/")}`,
    mode: 0o644,
    content: { file, size: bytes },
  }));
  const [configPath, ...layerPaths] = placed.map(({ path }) => path);
  const listed = [{ Config: configPath, RepoTags: [name], Layers: layerPaths }];
  const manifest = textFile("manifest.json", JSON.stringify(listed));
  // Two layers of an image may be the same one.
  const entries = new Map<string, Entry>([...placed, manifest].map((entry) => [entry.path, entry]));
  for await (const chunk of tarChunks([...entries.values()])) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

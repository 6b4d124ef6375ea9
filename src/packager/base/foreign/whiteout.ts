/** What does a layer take away from those below it, and what is there when all are laid over each other? */

import { posix } from "node:path";
import { imageFault } from "../../sources/image-fault.ts";
import type { TarMember } from "../../unpack.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * @source opencontainers/image-spec: layer.md, Whiteouts
 * @returns the name that goes from its folder, `undefined` for any other file
 */
export function whiteout(
  path: string,
): { readonly folder: string; readonly name: string } | undefined {
  const { dir, base } = posix.parse(posix.normalize(path));
  if (!base.startsWith(PREFIX) || base === OPAQUE) return undefined;
  return { folder: dir, name: base.slice(PREFIX.length) };
}

export type LaidLayers = {
  /** Opens the next layer; what it takes away is what those below it hold. */
  readonly next: () => void;
  /** @throws UserError where a hard link is to nothing, which no engine unpacks */
  readonly add: (member: TarMember, title: string) => void;
  /** Whether a path leads to a file, through links too. */
  readonly hasFile: (path: string) => boolean;
  /** Every path that leads to a file. */
  readonly files: () => readonly string[];
};

/** As many links on one way as Linux follows. @source path_resolution(7) */
const MOST_LINKS = 40;

/** The paths of an image, without what later layers take away. */
export function layOver(): LaidLayers {
  let below = new Set<string>();
  let own = new Set<string>();
  const folders = new Set<string>();
  const links = new Map<string, string>();
  const forget = (path: string): void => {
    below.delete(path);
    if (own.has(path)) return;
    folders.delete(path);
    links.delete(path);
  };
  const take = (path: string, keepsFolder: boolean): void => {
    for (const each of below)
      if ((each === path && !keepsFolder) || path === "" || each.startsWith(`${path}/`))
        forget(each);
  };
  const throughLink = (path: string): boolean =>
    path.split("/").some((_, at, parts) => links.has(parts.slice(0, at).join("/")));
  const has = (path: string): boolean => own.has(path) || below.has(path);
  const hasFile = (path: string): boolean => {
    let end = path;
    for (let followed = 0; followed < MOST_LINKS; followed += 1) {
      const parts = end.split("/");
      const at = parts.findIndex((_, i) => links.has(parts.slice(0, i + 1).join("/")));
      if (at === -1) return has(end) && !folders.has(end);
      const target = links.get(parts.slice(0, at + 1).join("/")) ?? "";
      const from = posix.isAbsolute(target) ? "/" : `/${parts.slice(0, at).join("/")}`;
      end = posix.join(from, target, ...parts.slice(at + 1)).slice(1);
    }
    return false;
  };
  return {
    next: () => {
      below = new Set([...below, ...own]);
      own = new Set();
    },
    add: ({ path: written, kind, target }, title) => {
      const path = posix.normalize(written);
      const gone = whiteout(path);
      if (gone !== undefined) return take(posix.join(gone.folder, gone.name), false);
      if (posix.basename(path) === OPAQUE)
        return take(posix.dirname(path) === "." ? "" : posix.dirname(path), true);
      // A file in a folder's place hides what the folder held.
      if (kind !== "directory" && folders.delete(path)) take(path, false);
      if (kind === "directory") folders.add(path);
      const wanted = posix.normalize(target).replace(/^(?:\.?\/)+/u, "");
      // A target below a folder that is itself a link is left to the engine: links are not followed here.
      if (kind === "hardlink" && !has(wanted) && !throughLink(wanted))
        throw imageFault(
          title,
          `holds '${written}', a hard link to '${target}', which is not there`,
        );
      if (kind === "symlink") links.set(path, target);
      else links.delete(path);
      own.add(path);
    },
    hasFile,
    files: () => [...below, ...own].filter(hasFile),
  };
}

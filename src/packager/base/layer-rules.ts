/** Would an engine unpack these members of a layer, one after the other, and below its own root? */

import { posix } from "node:path";
import { imageFault } from "../sources/image-fault.ts";
import type { TarMember } from "../unpack.ts";
import { whiteout } from "./foreign/whiteout.ts";

/** For one layer. @returns throws UserError at the member that breaks a rule */
export function layerRules(title: string): (member: TarMember) => void {
  const throughFile = findThroughFile();
  return (member) => {
    refuseEscape(member, title);
    const file = throughFile(member);
    if (file !== undefined)
      throw imageFault(title, `holds '${member.path}', which goes through the file '${file}'`);
  };
}

/** The file that stands where a member needs a folder; in a lower layer it would only be covered. */
function findThroughFile(): (member: TarMember) => string | undefined {
  const files = new Set<string>();
  return ({ path: written, kind, target }) => {
    const path = posix.normalize(written);
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      if (files.has(folder)) return folder;
    }
    const wanted = posix.normalize(target).replace(/^(?:\.?\/)+/u, "");
    // The last member of a name is the one that stays.
    if (kind === "file" || (kind === "hardlink" && files.has(wanted))) files.add(path);
    else files.delete(path);
    return undefined;
  };
}

function climbs(path: string): boolean {
  const normal = posix.normalize(path);
  return normal === ".." || normal.startsWith("../");
}

/** Absolute targets count from the image's own root, where nothing lies outside. */
function refuseEscape({ path, kind, target }: TarMember, title: string): void {
  const gone = whiteout(path);
  // Joined to its folder, such a name is the folder itself or the one above it.
  if (gone !== undefined && ["", ".", ".."].includes(gone.name))
    throw imageFault(title, `holds '${path}', a whiteout of what is not in its folder`);
  if (climbs(path)) throw imageFault(title, `holds '${path}', which leads out of it`);
  const isLink = kind === "symlink" || kind === "hardlink";
  if (!isLink || target.startsWith("/")) return;
  const from = kind === "symlink" ? posix.join(posix.dirname(path), target) : target;
  if (climbs(from)) throw imageFault(title, `holds '${path}', a link out of it to '${target}'`);
}

/**
 * What a simulator that was killed has left, for the next one to remove: containers, volumes, images and
 * folders of devices that are not kept. What belongs to one that lives, or that cannot be seen from here,
 * stays.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { Engine, Labelled, Labels } from "../../packager/engine/engine.ts";
import { abandonedFolders, deviceTag } from "./device-folder.ts";
import type { DeviceFolder } from "./device-folder.ts";
import { isGone, ownerMark } from "../../core/machine/owner.ts";

const DEVICE = "edgewright.device";
const OWNER = "edgewright.device.owner";
const KEPT = "edgewright.device.kept";

/** Of what the device of a folder has in the engine. */
export function labelsOf(tag: string, { kept }: DeviceFolder): Labels {
  return { [DEVICE]: tag, [OWNER]: ownerMark(process.pid), [KEPT]: String(kept) };
}

/** @param tag of a device whose folder is ours: what runs under it is of one that died */
export async function removeLeftovers(engine: Engine, tag: string): Promise<void> {
  const found = await engine.labelled(DEVICE);
  const own = found.filter(({ labels }) => labels[DEVICE] === tag || isGone(labels[OWNER] ?? ""));
  await removeAll(engine, own.filter(isContainer));
  const lost = own.filter(({ labels }) => labels[DEVICE] !== tag && labels[KEPT] === "false");
  const tags = new Set(lost.map(({ labels }) => labels[DEVICE] ?? ""));
  // One that died before its first container is known by its folder alone.
  const folders = await abandonedFolders("containers");
  for (const folder of folders) tags.add(deviceTag(folder));
  for (const dead of tags) await removeDevice(engine, dead);
  for (const folder of folders) removeFolder(folder);
}

/** Everything that a device has in the engine. */
export async function removeDevice(engine: Engine, tag: string): Promise<void> {
  const own = await engine.labelled(`${DEVICE}=${tag}`);
  // A volume goes when no container uses it any more.
  await removeAll(engine, own.filter(isContainer));
  await removeAll(
    engine,
    own.filter((found) => !isContainer(found)),
  );
  for (const image of await engine.imagesTagged(tag)) await engine.removeImage(image);
}

function isContainer({ kind }: Labelled): boolean {
  return kind === "container";
}

async function removeAll(engine: Engine, found: readonly Labelled[]): Promise<void> {
  const remove = { container: engine.removeContainer, volume: engine.removeVolume };
  await Promise.all(found.map(({ kind, name }) => remove[kind](name)));
}

/** Of devices that had nothing in an engine. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const folder of await abandonedFolders("processes")) removeFolder(folder);
}

function removeFolder(folder: string): void {
  const volumes = join(folder, "volumes");
  // Those of a size are mounted, and a file system that is in use is not removed.
  const names = existsSync(volumes) ? readdirSync(volumes) : [];
  for (const name of names) spawnSync("umount", [join(volumes, name)]);
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another simulator may be at it: whoever comes next tries again.
  }
}

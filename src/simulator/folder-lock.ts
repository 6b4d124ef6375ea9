/**
 * One device in a folder at a time: two would write into the same queues, twins and volumes. The lock
 * is a socket, since a socket ends with its process, however that ends.
 */

import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { makeFolder } from "../core/machine/make-folder.ts";
import { userError } from "../core/problem.ts";
import type { UserError } from "../core/problem.ts";

export type FolderLock = { readonly release: () => Promise<void> };

const NAME = "device.lock";
/** The path of a socket has room for no more. */
const MAX_PATH_BYTES = 107;

/** @throws UserError SIM_STATE where another device has it */
export async function lockFolder(folder: string): Promise<FolderLock> {
  makeStateFolder(folder);
  const path = join(folder, NAME);
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw userError(
      "SIM_STATE",
      `the folder ${folder} has a path of ${bytes - NAME.length - 1} bytes, sockets in it have room for ${MAX_PATH_BYTES - NAME.length - 1}`,
      { hint: "Give a folder with a shorter path." },
    );
  }
  const server = (await listen(path)) ?? (await takeOver(path));
  if (server === undefined) {
    throw userError("SIM_STATE", `another device runs on ${folder}`, {
      hint: "Stop it, or give this one another folder with --state.",
    });
  }
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function makeStateFolder(folder: string): void {
  try {
    makeFolder(folder, 0o700);
  } catch (error) {
    throw folderFault(folder, error);
  }
}

function folderFault(folder: string, error: unknown): UserError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EEXIST") {
    return userError("SIM_STATE", `${folder} is a file, must be a folder`, {
      hint: "Give a folder with --state; one that is not there is made.",
    });
  }
  return userError("SIM_STATE", `the folder ${folder} cannot be used: ${code ?? message}`, {
    hint: "Give a folder that can be written with --state.",
  });
}

/** Where nobody listens any more, the one who did has died: its socket is left. */
async function takeOver(path: string): Promise<Server | undefined> {
  if (await isHeld(path)) return undefined;
  rmSync(path, { force: true });
  return listen(path);
}

async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(path);
    await once(server, "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw folderFault(dirname(path), error);
  }
}

/** How long it may take from the name of a lock to its holder. */
const TAKING_MS = 50;

/** Whether the device that had the folder died in it. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const path = join(folder, NAME);
  for (const pauseMs of [0, TAKING_MS]) {
    await wait(pauseMs);
    if (!existsSync(path) || (await isHeld(path))) return false;
  }
  return true;
}

async function isHeld(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

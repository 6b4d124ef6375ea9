/** Does the lock beside the spec still hold? It is read, compared, completed and printed again. */

import type { Problem } from "../../core/problem.ts";
import { assembleBase, lockChanged, lockWarning } from "./assembled.ts";
import type { BaseRequest } from "./assembled.ts";
import { LOCK_FILE, printLock, readLock } from "./lock.ts";
import type { Lock } from "./lock.ts";

export type ToolVersions = Pick<Lock, "edgewright" | "onnxruntime">;

export type LockedBase = {
  readonly lock: Lock;
  /** For people: `Debian bookworm, Node 24.1.0`. */
  readonly title: string;
  /** The lock file's text, where it is not what stands there already. */
  readonly newText?: string;
  readonly problems: readonly Problem[];
};

export async function lockedBase(
  path: string,
  versions: ToolVersions,
  request: Omit<BaseRequest, "locked">,
): Promise<LockedBase> {
  const before = await readLock(path);
  const changes = before === undefined ? [] : versionChanges(before, versions);
  if (request.frozen && changes.length > 0) throw lockChanged(changes);
  const base = await assembleBase({ ...request, locked: before?.base });
  const lock: Lock = { format: 1, ...versions, base: base.lock };
  const newText = printLock(lock);
  const same = before !== undefined && printLock(before) === newText;
  const problems = [...changes.map(lockWarning), ...base.problems];
  const title = `Debian ${lock.base.suite}, Node ${lock.base.node.version}${pythonTitle(lock.base)}`;
  return { lock, title, problems, ...(same ? {} : { newText }) };
}

function versionChanges(lock: Lock, versions: ToolVersions): readonly string[] {
  return (["edgewright", "onnxruntime"] as const).flatMap((tool) =>
    lock[tool] === versions[tool]
      ? []
      : [`${LOCK_FILE} was made with ${tool} ${lock[tool]} and this is ${versions[tool]}`],
  );
}

function pythonTitle({ python }: Lock["base"]): string {
  const [packages = []] = Object.values(python?.packages ?? {});
  const version = packages.find(({ name }) => name === "python3")?.version.split("-")[0];
  return version === undefined ? "" : `, Python ${version}`;
}

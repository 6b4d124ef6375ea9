/** What do packages need, by the fields of their control records, when some of it is left out? */

import { DROPPED_PACKAGES } from "../python/python-packages.ts";

type Control = { readonly names: readonly string[]; readonly depends: readonly string[] };

/** Names with all they depend on, among the packages of the records. */
export function neededBy(names: readonly string[], records: string): ReadonlySet<string> {
  const byName = new Map<string, { readonly name: string; readonly depends: readonly string[] }>();
  for (const record of records.split(/\n\s*\n/u)) {
    const { names: own, depends } = controlOf(record);
    const [name] = own;
    if (name === undefined) continue;
    // A package itself goes before another that provides its name.
    for (const each of own)
      if (each === name || !byName.has(each)) byName.set(each, { name, depends });
  }
  const needed = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const found = byName.get(name);
    if (found === undefined || needed.has(found.name)) continue;
    if (DROPPED_PACKAGES.test(found.name) && !names.includes(found.name)) continue;
    needed.add(found.name);
    queue.push(...found.depends);
  }
  return needed;
}

/** Of alternatives all that are there count: the solver has chosen one of them. */
function controlOf(record: string): Control {
  const field = (name: string): readonly string[] => {
    const value = new RegExp(`^${name}: (.*)$`, "mu").exec(record)?.[1] ?? "";
    return value
      .split(/[,|]/u)
      .map((part) => part.trim().split(/[\s:(]/u)[0] ?? "")
      .filter((part) => part !== "");
  };
  return {
    names: [...field("Package"), ...field("Provides")],
    depends: [...field("Depends"), ...field("Pre-Depends")],
  };
}

/** What was measured on? One sentence. */

import { cpus } from "node:os";

export function machine(): string {
  const all = cpus();
  return `Measured on ${all.length} cores (${all[0]?.model.trim() ?? "unknown"}) with Node ${process.versions.node}; other work may have shared them.`;
}

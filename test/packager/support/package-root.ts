/** A package root for tests: our data and packages, with a runtime of a few lines in the place of ours. */

import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "./repository.ts";

const MAIN = `import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { listSupportedBackends } from "onnxruntime-node";
import { answer } from "./answer.js";
export const UNUSED = "no-package";
export default class Nothing { text = "./nowhere.js"; }
const { EDGEWRIGHT_ENDPOINT, EDGEWRIGHT_HOST, EDGEWRIGHT_PORT } = process.env;
const { name } = JSON.parse(readFileSync(EDGEWRIGHT_ENDPOINT, "utf8"));
const backends = listSupportedBackends().map((backend) => backend.name).filter((name) => name === "cpu");
const server = createServer((_, response) => response.end(answer(name, backends)));
server.listen(Number(EDGEWRIGHT_PORT), EDGEWRIGHT_HOST, () => pino().info("ready"));
process.on("SIGTERM", () => process.exit(0));
//# sourceMappingURL=main.js.map
`;

export const ANSWER = { name: "Pump-Monitor", backends: ["cpu"] };

export async function makePackageRoot(folder: string): Promise<string> {
  const runtime = join(folder, "dist", "src", "runtime");
  const engine = join(runtime, "engine", "instances");
  await mkdir(engine, { recursive: true });
  await writeFile(join(runtime, "main.js"), MAIN);
  await writeFile(
    join(runtime, "answer.js"),
    "export const answer = (name, backends) => JSON.stringify({ name, backends });\n",
  );
  await writeFile(join(runtime, "unused.js"), "export const nothing = 0;\n");
  await writeFile(
    join(engine, "worker.js"),
    'export * from "../../answer.js";\nconst late = () => import("./late.js");\nvoid late;\n',
  );
  await writeFile(join(engine, "process.js"), 'import "./worker.js";\n');
  await mkdir(join(runtime, "batch", "workers"), { recursive: true });
  await writeFile(
    join(runtime, "batch", "workers", "model-thread.js"),
    'import "../../engine/instances/worker.js";\n',
  );
  await writeFile(join(runtime, "job-process.js"), 'import "./engine/instances/worker.js";\n');
  await writeFile(join(engine, "late.js"), 'import "node:os";\n');
  const host = join(runtime, "scripts", "python");
  await mkdir(join(host, "__pycache__"), { recursive: true });
  await writeFile(join(host, "host.py"), "pass\n");
  // What Python may leave there: it names the folder, and no layer may.
  await writeFile(join(host, "__pycache__", "host.pyc"), folder);
  for (const name of ["package.json", "module-template", "deployment-manifests"])
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
  await cp(join(REPOSITORY, "dist", "vendor"), join(folder, "dist", "vendor"), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  return folder;
}

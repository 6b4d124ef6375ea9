// Builds the package after an install. Plain JavaScript: it runs before anything is compiled.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

if (!existsSync(new URL("../node_modules/typescript/package.json", import.meta.url))) {
  console.error(
    "edgewright: TypeScript is not installed (--omit=dev), so nothing was built.\n" +
      "hint: run `npm ci` without --omit=dev once, then `npm prune --omit=dev`.",
  );
  process.exit(0);
}
const build = spawnSync("npm", ["run", "-s", "build"], { stdio: "inherit", shell: false });
process.exit(build.status ?? 1);

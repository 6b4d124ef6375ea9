/** Bundles the npm packages that the runtime carries into images: minified files, with licences. */

import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Metafile } from "esbuild";

/** The second package of a line shares its code with the first, so it lies in the same file. */
const PACKAGES: readonly (readonly [name: string, companion?: string])[] = [
  ["pino"],
  ["azure-iot-device", "azure-iot-device-mqtt"],
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const vendor = join(root, "dist", "vendor");

/** What bundled CommonJS code finds in its scope, given to it where the file is an ES module. */
const BANNER = [
  'import{createRequire as _createRequire}from"node:module";',
  "const require=_createRequire(import.meta.url);",
  "const __filename=import.meta.filename,__dirname=import.meta.dirname;",
].join("");

await rm(vendor, { recursive: true, force: true });
for (const [name, companion] of PACKAGES) await bundle(name, companion);

async function bundle(name: string, companion?: string): Promise<void> {
  const exported = Object.keys((await import(name)) as object).filter(
    (key) => /^[A-Za-z_$][\w$]*$/u.test(key) && key !== "default",
  );
  const { metafile } = await build({
    stdin: {
      contents: `import whole from ${JSON.stringify(name)};
export const { ${exported.join(", ")} } = whole;
export { whole as default };
${companion === undefined ? "" : `export { default as companion } from ${JSON.stringify(companion)};`}`,
      resolveDir: root,
    },
    outfile: join(vendor, name, "index.js"),
    absWorkingDir: root,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "none",
    banner: { js: BANNER },
    metafile: true,
    logLevel: "warning",
  });
  await describe(name);
  await writeFile(join(vendor, name, "LICENSES.txt"), await licences(metafile));
  if (companion === undefined) return;
  await describe(companion);
  const text = `export { companion as default } from "../${name}/index.js";\n`;
  await writeFile(join(vendor, companion, "index.js"), text);
}

async function describe(name: string): Promise<void> {
  const { version } = await packageJson(name);
  const manifest = { name, version, type: "module", exports: "./index.js" };
  await mkdir(join(vendor, name), { recursive: true });
  await writeFile(join(vendor, name, "package.json"), `${JSON.stringify(manifest)}\n`);
}

/** The text of every package that is really inside. */
async function licences(metafile: Metafile): Promise<string> {
  const names = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const name = /^node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//u.exec(path)?.groups?.["name"];
    if (name !== undefined) names.add(name);
  }
  const texts = [];
  for (const name of [...names].toSorted()) {
    const { version, license } = await packageJson(name);
    texts.push(`${name} ${version} (${license})\n\n${await licenceText(name)}`);
  }
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}

async function licenceText(name: string): Promise<string> {
  const folder = join(root, "node_modules", name);
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/iu.test(entry));
  return file === undefined ? "" : readFile(join(folder, file), "utf8");
}

async function packageJson(name: string): Promise<{ version: string; license: string }> {
  const text = await readFile(join(root, "node_modules", name, "package.json"), "utf8");
  return JSON.parse(text) as { version: string; license: string };
}

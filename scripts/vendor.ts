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

/** The text of every package that is really inside, also one that lies in another one's folder. */
async function licences(metafile: Metafile): Promise<string> {
  const folders = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const folder = /^(?<folder>(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(path)?.groups;
    if (folder?.["folder"] !== undefined) folders.add(folder["folder"]);
  }
  const texts = [];
  for (const folder of folders) {
    const described = await packageJson(folder.slice("node_modules/".length));
    const title = `${described.name} ${described.version} (${licenceOf(described)})`;
    texts.push(`${title}\n\n${await licenceText(folder)}`);
  }
  return texts.toSorted().join(`\n${"-".repeat(72)}\n\n`);
}

async function licenceText(folder: string): Promise<string> {
  const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/iu.test(entry));
  return file === undefined ? "" : readFile(join(root, folder, file), "utf8");
}

type Described = {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license?: string;
  /** As npm had it before it asked for an expression: any of them may be chosen. */
  readonly licenses?: readonly { readonly type: string }[];
};

function licenceOf({ license, licenses = [] }: Described): string {
  return license ?? licenses.map(({ type }) => type).join(", ");
}

async function packageJson(path: string): Promise<Described> {
  const text = await readFile(join(root, "node_modules", path, "package.json"), "utf8");
  return JSON.parse(text) as Described;
}

/** The engine of this machine as a test uses it: what it starts goes away again. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import Docker from "dockerode";
import { joinCreateOptions } from "./create-options.ts";
import { isOwn, ownBind } from "./own-names.ts";

export const docker = new Docker();

/** Why no container can be started here, if so. */
export const NO_ENGINE: string | false = await docker.ping().then(
  () => false as const,
  () => "no container engine answers on this machine",
);

type Module = { readonly settings: Readonly<Record<string, string>> };

/**
 * A container of the manifest's one module, with the createOptions that edgeAgent would use, but with
 * volumes of its own. Container, volumes and image go when the test is over.
 *
 * @param manifest of an image with an `ownTag`
 */
export async function startModule(t: TestContext, manifest: string): Promise<Docker.Container> {
  const { modulesContent } = JSON.parse(await readFile(manifest, "utf8")) as {
    modulesContent: {
      $edgeAgent: { "properties.desired": { modules: Record<string, Module> } };
    };
  };
  const [module] = Object.values(modulesContent.$edgeAgent["properties.desired"].modules);
  assert.ok(module !== undefined);
  const image = module.settings["image"] ?? "";
  assert.ok(isOwn(image), `${image} may be somebody else's`);
  const options = joinCreateOptions(module.settings) as Docker.ContainerCreateOptions;
  const binds = (options.HostConfig?.Binds ?? []).map(ownBind);
  const container = await docker.createContainer({
    Image: image,
    ...options,
    HostConfig: { ...options.HostConfig, Binds: binds },
  });
  t.after(async () => {
    await container.remove({ force: true });
    for (const volume of binds.map((bind) => bind.split(":")[0] ?? "").filter(isOwn))
      await docker.getVolume(volume).remove();
    await removeImages(image);
  });
  await container.start();
  return container;
}

/** @param name an `ownTag`; an archive brings another of that beginning for its other platform */
export async function removeImages(name: string): Promise<void> {
  assert.ok(isOwn(name), `${name} may be somebody else's`);
  const listed = await docker.listImages({ filters: { reference: [`${name}*`] } });
  const tags = listed.flatMap(({ RepoTags }) => RepoTags ?? []);
  // An image has its names from other people too.
  for (const tag of tags.filter((each) => each.startsWith(name)))
    await docker.getImage(tag).remove();
}

export async function addressOf(container: Docker.Container): Promise<string> {
  const { NetworkSettings } = await container.inspect();
  return `http://${NetworkSettings.Networks["bridge"]?.IPAddress}:5001`;
}

export async function untilLogged(container: Docker.Container, word: string): Promise<void> {
  const logs = await container.logs({ follow: true, stdout: true, stderr: true });
  let text = "";
  for await (const chunk of logs) {
    text += String(chunk);
    if (text.includes(word)) return;
  }
  assert.fail(`the container ended: ${text}`);
}

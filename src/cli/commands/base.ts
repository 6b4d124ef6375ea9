/** `edgewright base save REF -o FILE`: a base for machines without a network. */

import { tmpdir } from "node:os";

import { saveBase } from "../../packager/save-base.ts";
import { hostPrograms } from "../../packager/programs.ts";
import { PLATFORMS } from "../../spec/resolved.ts";
import { ASSEMBLE_OPTIONS, HOST_PLATFORM, parsePlatforms } from "../given/assemble-options.ts";
import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { cacheFolder } from "../given/models.ts";
import { renderBytes } from "../terminal/render.ts";

export const BASE: Command = {
  name: "base",
  usage: "save assembled|docker-daemon:REF|oci:DIR -o FILE",
  summary: "saves a base as an OCI archive, which build takes as --base oci-archive:FILE",
  options: {
    output: { type: "string", short: "o", value: "FILE", summary: "the archive" },
    platform: ASSEMBLE_OPTIONS.platform,
  },
  run: async (invocation) => {
    const { args, cwd, env, options, progress, signal } = invocation;
    const [verb, base, ...more] = args;
    const file = options["output"];
    if (verb !== "save" || base === undefined || more.length > 0 || typeof file !== "string")
      throw new UsageError("base is used as: base save assembled -o FILE");
    const { problems, ...saved } = await saveBase({
      base,
      file,
      platforms: parsePlatforms(options["platform"], PLATFORMS),
      cacheFolder: cacheFolder(invocation),
      temporaryFolder: tmpdir(),
      workingFolder: cwd,
      hostPlatform: HOST_PLATFORM,
      run: hostPrograms(env, signal),
      progress,
      signal,
      env,
    });
    const rows = saved.images.map(({ platform, bytes }) => `${platform}  ${renderBytes(bytes)}`);
    return {
      problems,
      json: saved,
      text: [`wrote ${saved.file}  ${saved.digest}`, ...rows].join("\n"),
    };
  },
};

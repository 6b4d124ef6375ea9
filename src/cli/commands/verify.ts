/** `edgewright verify IMAGE`: whether an image is whole and safe to ship. */

import { tmpdir } from "node:os";

import { verifyImage } from "../../packager/verify/verify-image.ts";
import type { VerifiedImage } from "../../packager/verify/verify-image.ts";
import { HOST_PLATFORM } from "../given/assemble-options.ts";
import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { secretValues } from "../given/credentials.ts";

export const VERIFY: Command = {
  name: "verify",
  usage: "IMAGE",
  summary:
    "digests, user, labels, telemetry, setuid files and secrets of a tar, a folder or docker-daemon:REF",
  options: {},
  run: async (invocation) => {
    const { args, cwd, env, progress, signal } = invocation;
    const [image, ...more] = args;
    if (image === undefined || more.length > 0) throw new UsageError("verify takes one image");
    const { images, problems } = await verifyImage(image, {
      secrets: await secretValues(invocation),
      workingFolder: cwd,
      temporaryFolder: tmpdir(),
      hostPlatform: HOST_PLATFORM,
      progress,
      signal,
      env,
    });
    return { problems, json: { images }, text: images.map(render).join("\n") };
  },
};

function render({ platform, digest, layers, scored, unscored }: VerifiedImage): string {
  const smoke = scored.length === 0 ? "" : `, scored as recorded: ${scored.join(", ")}`;
  const silence = unscored === undefined ? "" : `, not scored: ${unscored.replace(/\.$/u, "")}`;
  return `${platform}  ${digest}  ${layers} layers read${smoke}${silence}`;
}

/** What does it mean for a user that the engine refused? */

import { UserError, userError } from "../../core/problem.ts";

export function noImage(name: string): Error {
  return userError("IMAGE_SOURCE", `The container engine has no image ${name}.`, {
    hint: "Look at what it has with docker images, and bring the image with docker pull or docker load.",
  });
}

/** What a container asks for, and the engine does not have. */
export function startError(
  { image, name }: { readonly image: string; readonly name: string },
  error: unknown,
): unknown {
  const { statusCode, message } = error as Error & { readonly statusCode?: number };
  if (statusCode === 404 && /no such image/i.test(message)) {
    return userError("BUILD_ENGINE", `the container engine has no image ${image}`, {
      hint: `Pull it first: docker pull ${image}.`,
    });
  }
  if (statusCode === 409) {
    return userError("BUILD_ENGINE", `the container engine has a container ${name} already`, {
      hint: `Remove it first: docker rm -f ${name}.`,
    });
  }
  return error;
}

/** With the engine's own words, and what can be done. */
export function engineError(address: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  const hints: Readonly<Record<string, string>> = {
    ENOENT: "Start a container engine, or write an archive with -o archive:FILE.",
    ECONNREFUSED: "Start the container engine, or write an archive with -o archive:FILE.",
    EACCES: "Join the group that may use the engine, or write an archive with -o archive:FILE.",
  };
  const reason = code === undefined ? message.trim() : code;
  return userError("BUILD_ENGINE", `The container engine at ${address} refuses: ${reason}.`, {
    hint: hints[code ?? ""] ?? "Read the engine's log, or write an archive with -o archive:FILE.",
  });
}

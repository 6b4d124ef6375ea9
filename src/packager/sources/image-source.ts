/** Where does an image lie that somebody names: in a folder, in a file, or in this machine's engine? */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { userError } from "../../core/problem.ts";

export type ImageSource =
  | { readonly kind: "layout"; readonly folder: string }
  /** A tar, gzipped or not: an OCI layout, a docker archive, or both at once. */
  | { readonly kind: "archive"; readonly file: string }
  | { readonly kind: "daemon"; readonly reference: string };

const FORMS =
  "a tar, a layout folder, oci:DIR, oci-archive:FILE, docker-archive:FILE or docker-daemon:REF";

/** Whether a text names an image that is not in a registry. */
export function isImageSource(text: string): boolean {
  return /^(?:oci|oci-archive|docker-archive|archive|docker-daemon):./u.test(text);
}

/** @throws UserError where there is nothing at that place */
export function parseImageSource(text: string, cwd: string): ImageSource {
  const [, scheme, rest = ""] =
    /^(oci|oci-archive|docker-archive|archive|docker-daemon):(.+)$/su.exec(text) ?? [];
  if (/^(?:(?:oci|oci-archive|docker-archive|archive|docker-daemon):)?$/u.test(text))
    throw userError("IMAGE_SOURCE", `"${text}" names no image.`, { hint: `Name ${FORMS}.` });
  if (scheme === "docker-daemon") return { kind: "daemon", reference: rest };
  const path = resolve(cwd, scheme === undefined ? text : rest);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    const hint = text.startsWith("docker://")
      ? `Registries are not asked. Fetch it before: skopeo copy ${text} oci-archive:image.tar.`
      : `Name ${FORMS}.`;
    throw userError("IMAGE_SOURCE", `There is no image at ${path}.`, { hint });
  }
  if (!stats.isFile() && !stats.isDirectory())
    throw userError("IMAGE_SOURCE", `${path} is neither a file nor a folder.`, {
      hint: `Name ${FORMS}.`,
    });
  if (stats.isDirectory() && (scheme === undefined || scheme === "oci"))
    return { kind: "layout", folder: path };
  if (stats.isFile() && scheme !== "oci") return { kind: "archive", file: path };
  throw userError(
    "IMAGE_SOURCE",
    `${path} is a ${stats.isFile() ? "file" : "folder"}, and ${scheme}: is not.`,
    {
      hint: `Name ${FORMS}.`,
    },
  );
}

/** What is said of an image that somebody else made and that is not what it says? */

import { escapeControls } from "../../core/escape-controls.ts";
import { userError } from "../../core/problem.ts";

export function imageFault(image: string, fault: string): Error {
  return userError("IMAGE_BROKEN", escapeControls(`${image} ${fault}.`), {
    hint: "Get the image again from where it comes, and do not use this one.",
  });
}

/** Node reads gzip and no zstd before version 22.15. */
export function zstdFault(image: string): Error {
  return userError("IMAGE_BROKEN", `${image} is compressed with zstd, not gzip.`, {
    hint: "Write the image anew: skopeo copy --dest-compress-format gzip oci:DIR oci:OTHER, or docker save.",
  });
}

/** Under which digest does a Debian package lie in the store? */

import type { Digest } from "../../blob-store.ts";
import type { DebianPackage } from "../lock.ts";

export function debDigest({ sha256 }: DebianPackage): Digest {
  return `sha256:${sha256}`;
}

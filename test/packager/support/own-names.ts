/**
 * What may a test call things in the engine of this machine? Names of its own run: the engine has the
 * images and volumes of whoever works here too, and perhaps a second run of the same tests.
 */

import { randomUUID } from "node:crypto";

const RUN = `edgewright-test-${randomUUID().slice(0, 8)}`;

/** An image name that nothing else has. @param name of the test's own image, in lower case */
export function ownTag(name: string): string {
  return `${RUN}-${name}:1`;
}

/** A named volume as this run's own; a path of this machine stays. @param bind `NAME:PATH[:MODE]` */
export function ownBind(bind: string): string {
  return bind.startsWith("/") ? bind : `${RUN}-${bind}`;
}

/** Whether this run made it. @param name of an image or a volume */
export function isOwn(name: string): boolean {
  return name.startsWith(`${RUN}-`);
}

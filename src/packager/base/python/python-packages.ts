/** Which Debian packages do the scripts of an endpoint need? What Debian lacks is refused. */

import type { Problem } from "../../../core/problem.ts";
import { packageOfModule, packageOfPip, PYTHON_PACKAGES } from "../../../spec/python/packages.ts";
import type { ResolvedEndpoint } from "../../../spec/resolved.ts";

/** The interpreter with its whole standard library. */
const INTERPRETER = "python3";

/**
 * What Debian's dependencies name and a scoring script never runs: what serves maintainer scripts,
 * compilers, headers and documentation, and the libraries of modules that nobody imports here (nis,
 * dbm).
 */
export const DROPPED_PACKAGES =
  /^(?:adduser|binutils.*|cpp.*|debconf|dpkg|g\+\+.*|gcc(?:-\d+)?(?:-.*-linux-gnu)?|init-system-helpers|libdb5\.3.*|libjs-.*|libnsl2|libperl.*|libtirpc.*|mailcap|mawk|media-types|mime-support|openssl|perl.*|procps|python3-(?:all|beniget|dev|distutils|gast|lib2to3|ply|pythran).*|python3\.\d+-(?:dev|venv)|readline-common|rpcsvc-proto|tar|usrmerge|.*-dev|.*-dev-bin|linux-libc-dev|.*-doc)$/u;

/** Their names, sorted; none where no deployment has a script. */
export function debianPackages({ deployments }: ResolvedEndpoint): {
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
} {
  const names = new Set<string>();
  const problems: Problem[] = [];
  for (const { name, script, environment } of deployments) {
    if (script === undefined) continue;
    names.add(INTERPRETER);
    for (const pip of environment?.requirements ?? []) {
      const found = packageOfPip(pip);
      if (found === undefined) problems.push(refusal(name, `the environment asks for ${pip}`));
      else names.add(found.debian);
    }
    for (const module of script.imports ?? []) {
      const found = packageOfModule(module);
      if (found === undefined) problems.push(refusal(name, `the script imports ${module}`));
      else names.add(found.debian);
    }
  }
  return { names: [...names].toSorted((a, b) => (a < b ? -1 : 1)), problems };
}

function refusal(deployment: string, what: string): Problem {
  const known = PYTHON_PACKAGES.map(({ pip }) => pip).join(", ");
  return {
    code: "SCRIPT_PACKAGE",
    severity: "error",
    message: `${what} in deployment '${deployment}', and images take Python packages from Debian alone: ${known}`,
    hint: "Put the module's source into the code folder where it is pure Python, or do without it.",
  };
}

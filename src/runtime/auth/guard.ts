/** Who may come in? One check of the Authorization header, whose keys can be replaced while it stands. */

import type { Clock } from "../../core/ports.ts";
import { ScoringError } from "../../core/problem.ts";
import type { AuthMode } from "../../spec/resolved.ts";
import { keyCheck } from "./key-check.ts";
import { tokenCheck } from "./token-check.ts";

export type AuthOptions = {
  readonly mode: AuthMode;
  /**
   * What credentials are held against: SHA-256 hashes of keys in mode `key`, public keys of whoever
   * signs tokens in mode `aml_token`. With none of them nobody comes in.
   */
  readonly keys: readonly string[];
};

export type Guard = {
  /** @throws ScoringError AUTH_MISSING, AUTH_FORM, AUTH_WRONG, AUTH_EXPIRED */
  readonly admit: (authorization: string | undefined) => void;
  /** Takes effect with the next request. @throws UserError RUNTIME_SETTING, and the old keys stay */
  readonly setKeys: (keys: readonly string[]) => void;
};

/** @throws ScoringError AUTH_FORM, AUTH_WRONG, AUTH_EXPIRED */
export type Check = (credential: string) => void;

/** RFC 6750: the scheme in any case, one or more spaces, a token of these characters. */
const BEARER = /^bearer +(?<credential>[\w\-.~+/]+=*)$/iu;

/**
 * @param endpoint  its name: a token for another endpoint is of no use here
 * @throws UserError RUNTIME_SETTING where a hash or a public key has the wrong form
 */
export function createGuard(options: AuthOptions, endpoint: string, clock: Clock): Guard {
  const { mode } = options;
  if (mode === "none") return { admit: () => undefined, setKeys: () => undefined };
  const checkOf = (keys: readonly string[]): Check =>
    mode === "key" ? keyCheck(keys) : tokenCheck(mode === "aml_token" ? keys : [], endpoint, clock);
  let check = checkOf(options.keys);
  return {
    admit: (authorization) => {
      if (authorization === undefined) {
        throw new ScoringError("AUTH_MISSING", "there is no Authorization header, expected Bearer");
      }
      const credential = BEARER.exec(authorization)?.groups?.["credential"];
      if (credential === undefined) {
        throw new ScoringError(
          "AUTH_FORM",
          "the Authorization header is not of the form Bearer and a credential",
        );
      }
      check(credential);
    },
    setKeys: (keys) => {
      check = checkOf(keys);
    },
  };
}

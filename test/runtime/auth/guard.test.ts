import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";

import { assert as holds, oneof, property, string, tuple } from "fast-check";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { ScoringError, UserError } from "../../../src/core/problem.ts";
import { createGuard } from "../../../src/runtime/auth/guard.ts";
import type { AuthOptions, Guard } from "../../../src/runtime/auth/guard.ts";

const NOW = 1_800_000_000;
const CLOCK = { now: () => NOW * 1000, monotonic: () => 0 };

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function guardOf(mode: AuthOptions["mode"], keys: readonly string[]): Guard {
  return createGuard({ mode, keys }, "pump", CLOCK);
}

/** `in`, or the code of the refusal. */
function verdict(guard: Guard, authorization: string | undefined): string {
  try {
    guard.admit(authorization);
    return "in";
  } catch (error) {
    assert.ok(error instanceof ScoringError);
    return error.code;
  }
}

suite("a guard of keys", () => {
  const guard = guardOf("key", [sha256("first"), sha256("second").toUpperCase()]);
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ["the primary key", "Bearer first", "in"],
    ["the secondary key at the same time", "Bearer second", "in"],
    ["the scheme in another case", "bearer first", "in"],
    ["more than one space", "Bearer   first", "in"],
    ["no header", undefined, "AUTH_MISSING"],
    ["an empty header", "", "AUTH_FORM"],
    ["a bare key", "first", "AUTH_FORM"],
    ["the scheme alone", "Bearer ", "AUTH_FORM"],
    ["another scheme", "Basic first", "AUTH_FORM"],
    ["two credentials", "Bearer first second", "AUTH_FORM"],
    ["a key in quotes", 'Bearer "first"', "AUTH_FORM"],
    ["a wrong key", "Bearer third", "AUTH_WRONG"],
    ["a key in another case", "Bearer FIRST", "AUTH_WRONG"],
    ["the beginning of a key", "Bearer firs", "AUTH_WRONG"],
    ["the hash of a key", `Bearer ${sha256("first")}`, "AUTH_WRONG"],
    ["a key of 10,000 characters", `Bearer ${"x".repeat(10_000)}`, "AUTH_WRONG"],
  ];
  for (const [name, authorization, expected] of cases) {
    test(`${name}: ${expected}`, () => assert.equal(verdict(guard, authorization), expected));
  }

  test("without hashes nobody comes in", () => {
    assert.equal(verdict(guardOf("key", []), "Bearer first"), "AUTH_WRONG");
  });

  test("new keys hold with the next request, and a wrong set changes nothing", () => {
    const replaced = guardOf("key", [sha256("old")]);
    replaced.setKeys([sha256("new")]);
    assert.deepEqual(
      [verdict(replaced, "Bearer old"), verdict(replaced, "Bearer new")],
      ["AUTH_WRONG", "in"],
    );
    assert.throws(() => replaced.setKeys([sha256("next"), "not-a-hash"]), UserError);
    assert.deepEqual(
      [verdict(replaced, "Bearer next"), verdict(replaced, "Bearer new")],
      ["AUTH_WRONG", "in"],
    );
  });

  test("a key where its hash belongs is refused without being repeated", () => {
    assert.throws(
      () => guardOf("key", ["a-key-in-the-clear"]),
      (error) => error instanceof UserError && !error.message.includes("a-key-in-the-clear"),
    );
  });
});

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

suite("a guard of tokens", async () => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { x = "" } = await exportJWK(publicKey);
  const other = await generateKeyPair("EdDSA", { extractable: true });
  const guard = guardOf("aml_token", [x]);
  const sign = (claims: { aud?: string; exp?: number } = {}, key = privateKey): Promise<string> =>
    new SignJWT({ aud: "pump", exp: NOW + 60, ...claims })
      .setProtectedHeader({ alg: "EdDSA" })
      .sign(key);
  const good = await sign();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const withSecret = await new SignJWT({ aud: "pump", exp: NOW + 60 })
    .setProtectedHeader({ alg: "HS256" })
    .sign(Buffer.from(x, "base64url"));

  const cases: readonly (readonly [string, string, string])[] = [
    ["a token that jose has signed", good, "in"],
    ["the same again, from memory", good, "in"],
    ["a token that ended a second ago", await sign({ exp: NOW - 1 }), "AUTH_EXPIRED"],
    ["a token that ends now", await sign({ exp: NOW }), "AUTH_EXPIRED"],
    ["a token without an end", await sign({ exp: undefined as never }), "AUTH_FORM"],
    ["a token of another endpoint", await sign({ aud: "valve" }), "AUTH_WRONG"],
    ["a token of another owner", await sign({}, other.privateKey), "AUTH_WRONG"],
    [
      "later end, old signature",
      `${header}.${encode({ aud: "pump", exp: NOW + 9999 })}.${signature}`,
      "AUTH_WRONG",
    ],
    ["no signature", `${header}.${payload}.`, "AUTH_FORM"],
    ["a signature cut short", good.slice(0, -4), "AUTH_WRONG"],
    ["alg none", `${encode({ alg: "none" })}.${payload}.${signature}`, "AUTH_FORM"],
    ["the public key as a shared secret", withSecret, "AUTH_FORM"],
    ["four parts", `${good}.x`, "AUTH_FORM"],
    ["a key instead of a token", "first", "AUTH_FORM"],
    ["parts that are no JSON", "a.b.c", "AUTH_FORM"],
    ["a header that is null", `${encode(null)}.${payload}.${signature}`, "AUTH_FORM"],
  ];
  for (const [name, token, expected] of cases) {
    test(`${name}: ${expected}`, () => assert.equal(verdict(guard, `Bearer ${token}`), expected));
  }

  test("a token that was taken ends at its time all the same", () => {
    let now = NOW;
    const ageing = createGuard({ mode: "aml_token", keys: [x] }, "pump", {
      now: () => now * 1000,
      monotonic: () => 0,
    });
    assert.equal(verdict(ageing, `Bearer ${good}`), "in");
    now += 61;
    assert.equal(verdict(ageing, `Bearer ${good}`), "AUTH_EXPIRED");
    assert.equal(verdict(ageing, `Bearer ${good}`), "AUTH_EXPIRED");
  });

  test("with a new public key the tokens of the old one end", () => {
    const replaced = guardOf("aml_token", [x]);
    assert.equal(verdict(replaced, `Bearer ${good}`), "in");
    replaced.setKeys([]);
    assert.equal(verdict(replaced, `Bearer ${good}`), "AUTH_WRONG");
  });

  test("many tokens are remembered and none is taken for another", async () => {
    const many = await Promise.all(
      Array.from({ length: 150 }, (_, index) => sign({ exp: NOW + 1 + index })),
    );
    for (const token of [...many, ...many]) assert.equal(verdict(guard, `Bearer ${token}`), "in");
    assert.equal(verdict(guard, `Bearer ${await sign({}, other.privateKey)}`), "AUTH_WRONG");
  });

  test("a public key of another length is refused", () => {
    assert.throws(() => guardOf("aml_token", ["short"]), UserError);
  });

  test("a mode that needs a network lets nobody in", () => {
    assert.equal(verdict(guardOf("aad_token", [x]), `Bearer ${good}`), "AUTH_WRONG");
  });
});

suite("a guard of anything", () => {
  const header = oneof(
    string({ unit: "binary" }),
    string({ unit: "binary" }).map((text) => `Bearer ${text}`),
    tuple(string(), string(), string()).map((parts) => `Bearer ${parts.map(encode).join(".")}`),
    string().map((text) => `Bearer ${encode({ alg: "EdDSA" })}.${encode(text)}.${"A".repeat(86)}`),
  );
  const key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  for (const [mode, keys] of [
    ["key", [sha256("a")]],
    ["aml_token", [key]],
  ] as const) {
    test(`whatever the header, ${mode} answers with a code of its own`, () => {
      const guard = guardOf(mode, keys);
      holds(
        property(header, (text) => verdict(guard, text) !== "in"),
        { numRuns: 2000 },
      );
    });
  }
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { importJWK, jwtVerify } from "jose";

import {
  createCredentials,
  publicParts,
  rotateCredential,
} from "../../src/credentials/credentials.ts";
import { signToken } from "../../src/credentials/token.ts";

suite("credentials", () => {
  const credentials = createCredentials();

  test("two endpoints never get the same key, nor one endpoint the same key twice", () => {
    const others = Array.from({ length: 20 }, createCredentials);
    const keys = [credentials, ...others].flatMap((one) => Object.values(one));
    assert.equal(new Set(keys).size, keys.length);
    const spoken = [credentials, ...others].flatMap((one) => [one.primaryKey, one.secondaryKey]);
    for (const key of spoken) assert.match(key, /^[A-Za-z0-9]{43}$/u);
  });

  // @source FIPS 180-2, appendix B.1
  test("a key's hash is its SHA-256", () => {
    const [hash] = publicParts({ ...credentials, primaryKey: "abc" }, "key");
    assert.equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("what may leave the machine holds no credential", () => {
    for (const mode of ["key", "aml_token", "none", "aad_token"] as const) {
      const text = publicParts(credentials, mode).join(",");
      for (const secret of Object.values(credentials)) assert.ok(!text.includes(secret), mode);
    }
    assert.equal(publicParts(credentials, "key").length, 2);
    assert.equal(publicParts(credentials, "aml_token").length, 1);
    assert.deepEqual(publicParts(credentials, "none"), []);
  });

  for (const [name, field] of [
    ["primary", "primaryKey"],
    ["secondary", "secondaryKey"],
    ["token", "signingKey"],
  ] as const) {
    test(`rotating ${name} changes it and nothing else`, () => {
      const rotated = rotateCredential(credentials, name);
      const changed = Object.keys(credentials).filter(
        (key) =>
          rotated[key as keyof typeof rotated] !== credentials[key as keyof typeof credentials],
      );
      assert.deepEqual(changed, [field]);
    });
  }
});

suite("signToken", () => {
  const credentials = createCredentials();
  const request = { endpoint: "pump", lifetimeSeconds: 3600, issuedAt: 1_700_000_000 };

  test("jose verifies it with the public key that the device gets", async () => {
    const token = signToken(credentials, request);
    const [x = ""] = publicParts(credentials, "aml_token");
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
    const { payload, protectedHeader } = await jwtVerify(token.accessToken, key, {
      audience: "pump",
      currentDate: new Date(1_700_000_100_000),
    });
    assert.equal(protectedHeader.alg, "EdDSA");
    assert.equal(payload.exp, token.expiryTimeUtc);
    assert.equal(payload.iat, request.issuedAt);
  });

  test("it ends after its lifetime, and asks to be refreshed before", () => {
    const { expiryTimeUtc, refreshAfterTimeUtc, tokenType } = signToken(credentials, request);
    assert.deepEqual(
      [expiryTimeUtc, refreshAfterTimeUtc, tokenType],
      [1_700_003_600, 1_700_001_800, "Bearer"],
    );
  });
});

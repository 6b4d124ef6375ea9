/** Whom does a module trust? A root of the simulated device, and the server certificate it signs. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { generate } from "selfsigned";

import { stateFault } from "../state-file.ts";

export type Certificates = {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
};

const YEAR_MS = 365 * 24 * 3_600_000;

export type CertificateOptions = {
  readonly folder: string;
  readonly hostNames: readonly string[];
  readonly addresses: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** The root stays the same over restarts; the server's certificate is made anew each time. */
export async function loadCertificates(options: CertificateOptions): Promise<Certificates> {
  const root = await loadRoot(options);
  const leaf = await generate(
    [{ name: "commonName", value: options.hostNames[0] ?? "localhost" }],
    {
      ...validity(options.now),
      algorithm: "sha256",
      keyType: "ec",
      ca: root,
      extensions: [
        { name: "basicConstraints", cA: false },
        { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
        { name: "extKeyUsage", serverAuth: true },
        {
          name: "subjectAltName",
          altNames: [
            ...options.hostNames.map((value) => ({ type: 2 as const, value })),
            ...options.addresses.map((ip) => ({ type: 7 as const, ip })),
          ],
        },
      ],
    },
  );
  return { ca: root.cert, cert: leaf.cert, key: leaf.private };
}

async function loadRoot({
  folder,
  now,
}: CertificateOptions): Promise<{ key: string; cert: string }> {
  const files = { key: join(folder, "ca.key.pem"), cert: join(folder, "ca.pem") };
  if (existsSync(files.key) && existsSync(files.cert)) {
    return readRoot(files);
  }
  const made = await generate([{ name: "commonName", value: "edgewright simulated device" }], {
    ...validity(now),
    algorithm: "sha256",
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(files.key, made.private, { mode: 0o600 });
  writeFileSync(files.cert, made.cert);
  chmodSync(files.cert, 0o644);
  return { key: made.private, cert: made.cert };
}

/** @throws UserError SIM_STATE where they are no certificate and its key */
function readRoot(files: { key: string; cert: string }): { key: string; cert: string } {
  const key = readPem(files.key, createPrivateKey);
  const cert = readPem(files.cert, (pem) => new X509Certificate(pem));
  if (!cert.value.checkPrivateKey(key.value)) {
    throw stateFault(files.cert, `is not the certificate of the key in ${files.key}`);
  }
  return { key: key.pem, cert: cert.pem };
}

function readPem<T>(path: string, parse: (pem: string) => T): { pem: string; value: T } {
  try {
    const pem = readFileSync(path, "utf8");
    return { pem, value: parse(pem) };
  } catch (error) {
    throw stateFault(path, `is damaged: ${(error as Error).message}`);
  }
}

/** A day early, so that a clock that runs behind is no fault. */
function validity(now: number) {
  return {
    notBeforeDate: new Date(now - YEAR_MS / 365),
    notAfterDate: new Date(now + 2 * YEAR_MS),
  };
}

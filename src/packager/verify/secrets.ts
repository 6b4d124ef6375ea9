/** Does something that must not leave the builder's machine stand in a stream of bytes? */

const PATTERNS: readonly (readonly [string, RegExp])[] = [
  [
    "a private key",
    /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\s|\\n|\\r)+[A-Za-z0-9+/=:, -]{16}/u,
  ],
  // With a value: the words alone stand in every device SDK.
  ["a SharedAccessKey", /SharedAccessKey=[A-Z0-9+/]{8,}/iu],
  ["docker credentials", /"auths"\s*:\s*\{[^{}]*\{[^{}]*"(?:auth|identitytoken)"\s*:\s*"[^"]+"/u],
];
/** What is found has to lie in a window of this size. */
const OVERLAP = 4096;

/** What was found, in words; empty where nothing was. @param values of the user's own secrets */
export function findSecrets(text: string, values: readonly string[]): readonly string[] {
  return [
    ...PATTERNS.flatMap(([what, pattern]) => (pattern.test(text) ? [what] : [])),
    ...(values.some((value) => text.includes(value)) ? ["a value of the credential file"] : []),
  ];
}

export async function secretsIn(
  bytes: AsyncIterable<Buffer>,
  values: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  let rest = "";
  for await (const chunk of bytes) {
    const text = rest + chunk.toString("latin1");
    for (const what of findSecrets(text, values)) found.add(what);
    rest = text.slice(-OVERLAP);
  }
  return [...found];
}

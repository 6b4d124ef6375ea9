/** Which of a script's OpenAPI documents does `/swagger.json?version=` ask for? */

import type { ScoringResponse } from "../../core/scoring.ts";

/** Alias → version. @source azureml-contract 4.8 */
const VERSIONS: Readonly<Record<string, string>> = {
  "2": "2",
  "2.0": "2",
  "3": "3",
  "3.0": "3",
  "3.1": "3.1",
};

/** @param documents of every version that the script has */
export function swaggerResponse(
  query: string,
  documents: Readonly<Record<string, string>>,
): ScoringResponse {
  const asked = new URLSearchParams(query).get("version") ?? "2";
  const version = Object.hasOwn(VERSIONS, asked) ? VERSIONS[asked] : undefined;
  const document = version === undefined ? undefined : documents[version];
  if (document !== undefined) return json(200, document);
  const supported = Object.keys(documents).toSorted().join(", ");
  const message =
    version === undefined
      ? `Swagger version [${asked}] is not valid. Supported versions: [${supported}].`
      : `Swagger version [${asked}] is not supported for the scoring script. Supported swagger versions: [${supported}].`;
  return json(404, `{"message": ${JSON.stringify(message)}}`);
}

function json(status: number, text: string): ScoringResponse {
  return {
    status,
    headers: { "content-type": "application/json", "x-ms-run-function-failed": "False" },
    body: Buffer.from(text),
  };
}

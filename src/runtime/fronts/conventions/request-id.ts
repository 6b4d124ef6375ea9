/** Which id a request goes by. */

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type RequestIds =
  | {
      readonly ok: true;
      readonly requestId: string;
      /** What goes back: `x-request-id`, and the client's own id where it sent one. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly ok: false;
      readonly message: string;
      readonly headers: Readonly<Record<string, string>>;
    };

const MAX_LENGTH = 100;

/**
 * The sender's `x-request-id`, else a new one; `x-ms-client-request-id` is echoed. Longer ones than
 * 100 characters are refused. @source azureml-contract 4.6
 */
export function requestIds(headers: RequestHeaders, createId: () => string): RequestIds {
  const given = headers["x-request-id"];
  const client = headers["x-ms-client-request-id"];
  for (const [name, value] of [
    ["x-request-id", given] as const,
    ["x-ms-client-request-id", client] as const,
  ]) {
    if (typeof value === "string" && value.length > MAX_LENGTH) {
      const message = `${name} must not exceed ${MAX_LENGTH} characters`;
      return { ok: false, message, headers: {} };
    }
  }
  const requestId = typeof given === "string" && given !== "" ? given : createId();
  const echo =
    typeof client === "string" && client !== "" ? { "x-ms-client-request-id": client } : {};
  return { ok: true, requestId, headers: { "x-request-id": requestId, ...echo } };
}

/** The endpoint as an OpenAPI document, in the three versions that Azure's endpoints speak. */

import type { Schema } from "./openapi-schema.ts";

/** What `?version=` takes. @source azureml-contract 4.8 */
const VERSIONS = { "2": 2, "2.0": 2, "3": 3, "3.0": 3, "3.1": 3.1 } as const;
export type OpenApiVersion = (typeof VERSIONS)[keyof typeof VERSIONS];

/** Everything that a document says, whatever its version. */
export type ApiFacts = {
  readonly title: string;
  readonly description?: string;
  readonly version: string;
  /** Whether requests need credentials. */
  readonly secured: boolean;
  /** Names that the deployment header takes. */
  readonly deployments: readonly string[];
  readonly request: Schema;
  readonly answer: Schema;
  /** Both or the answer may be unknown. */
  readonly requestExample?: unknown;
  readonly answerExample?: unknown;
};

export function parseOpenApiVersion(text: string): OpenApiVersion | undefined {
  return Object.hasOwn(VERSIONS, text) ? VERSIONS[text as keyof typeof VERSIONS] : undefined;
}

/** Said of any other version. @source azureml-contract 4.8 */
export function unknownVersion(text: string): string {
  return `Swagger version [${text}] is not valid. Supported versions: [2, 3, 3.1].`;
}

type Json = Readonly<Record<string, unknown>>;

const SPECIAL_NUMBERS =
  'JSON has no number for NaN and infinities: the strings "NaN", "Infinity" and "-Infinity" stand for them.';

const ERROR_SCHEMA: Schema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
  },
};

/** How the versions say the same things. */
type Dialect = {
  /** Where `$ref` leads. */
  readonly schemas: string;
  readonly response: (description: string, schema: Schema, example?: unknown) => Json;
  readonly text: (description: string) => Json;
  readonly parameter: (place: "header" | "query", name: string, values: Json) => Json;
  readonly body: (facts: ApiFacts) => Json;
};

const JSON_TYPE = "application/json";

const SWAGGER_2: Dialect = {
  schemas: "#/definitions/",
  response: (description, schema, example) => ({
    description,
    schema,
    ...(example !== undefined && { examples: { [JSON_TYPE]: example } }),
  }),
  text: (description) => ({ description, schema: { type: "string" } }),
  parameter: (place, name, values) => ({ in: place, name, type: "string", ...values }),
  body: () => ({
    parameters: [
      {
        in: "body",
        name: "serviceInputPayload",
        required: true,
        schema: { $ref: "#/definitions/ServiceInput" },
      },
    ],
  }),
};

const OPENAPI_3: Dialect = {
  schemas: "#/components/schemas/",
  response: (description, schema, example) => ({
    description,
    content: { [JSON_TYPE]: { schema, ...(example !== undefined && { example }) } },
  }),
  text: (description) => ({
    description,
    content: { "text/plain": { schema: { type: "string" } } },
  }),
  parameter: (place, name, values) => ({
    in: place,
    name,
    schema: { type: "string", ...values },
  }),
  body: ({ requestExample }) => ({
    requestBody: {
      required: true,
      content: {
        [JSON_TYPE]: {
          schema: { $ref: "#/components/schemas/ServiceInput" },
          ...(requestExample !== undefined && { example: requestExample }),
        },
      },
    },
  }),
};

export function renderOpenApi(facts: ApiFacts, version: OpenApiVersion): string {
  const { title, description, secured, request, answer, requestExample } = facts;
  const info = {
    title,
    description: [description, SPECIAL_NUMBERS].filter((text) => text !== undefined).join("\n\n"),
    version: facts.version,
  };
  const schemas = { ServiceInput: request, ServiceOutput: answer, ErrorResponse: ERROR_SCHEMA };
  const security = secured ? { security: [{ Bearer: [] }] } : {};
  if (version === 2) {
    const input = requestExample === undefined ? request : { ...request, example: requestExample };
    const bearer = { type: "apiKey", name: "Authorization", in: "header" };
    return JSON.stringify({
      swagger: "2.0",
      info,
      consumes: [JSON_TYPE],
      produces: [JSON_TYPE],
      ...(secured && { securityDefinitions: { Bearer: { ...bearer, description: BEARER } } }),
      ...security,
      paths: paths(facts, SWAGGER_2),
      definitions: { ...schemas, ServiceInput: input },
    });
  }
  const bearer = { type: "http", scheme: "bearer", description: BEARER };
  return JSON.stringify({
    openapi: version === 3 ? "3.0.3" : "3.1.1",
    info,
    ...security,
    paths: paths(facts, OPENAPI_3),
    components: { schemas, ...(secured && { securitySchemes: { Bearer: bearer } }) },
  });
}

const BEARER = "Bearer, a space, and a key or a token of the endpoint";

function paths(facts: ApiFacts, dialect: Dialect): Json {
  const { response, text, parameter, body, schemas } = dialect;
  const refused = response("Refused or failed, with a reason", { $ref: `${schemas}ErrorResponse` });
  const refusals = {
    ...(facts.secured && {
      401: response("No valid credential", { $ref: `${schemas}ErrorResponse` }),
    }),
    default: refused,
  };
  const open = facts.secured ? { security: [] } : {};
  const health = (operationId: string, key: string): Json => ({
    get: {
      ...open,
      operationId,
      responses: {
        200: response("Yes", { type: "object", properties: { [key]: { type: "boolean" } } }),
        default: response("No", { type: "object", properties: { [key]: { type: "boolean" } } }),
      },
    },
  });
  const deployment = parameter("header", "azureml-model-deployment", { enum: facts.deployments });
  const { parameters = [], ...rest } = body(facts) as { readonly parameters?: readonly Json[] };
  const answered = response(
    "The model's answer",
    { $ref: `${schemas}ServiceOutput` },
    facts.answerExample,
  );
  const version = parameter("query", "version", { enum: Object.keys(VERSIONS), default: "2" });
  const document = response("An OpenAPI document", { type: "object" });
  return {
    "/": {
      get: { ...open, operationId: "ServiceHealthCheck", responses: { 200: text("Healthy") } },
    },
    "/health/live": health("IsLive", "live"),
    "/health/ready": health("IsReady", "ready"),
    "/score": {
      post: {
        operationId: "RunMLService",
        parameters: [deployment, ...parameters],
        ...rest,
        responses: { 200: answered, ...refusals },
      },
    },
    "/swagger.json": {
      get: {
        operationId: "GetSwagger",
        parameters: [deployment, version],
        responses: { 200: document, ...refusals },
      },
    },
  };
}

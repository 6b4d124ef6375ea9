/** The endpoint as an OpenAPI document, in the three versions that Azure's endpoints speak. */

import type { Schema } from "./schema.ts";

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
export type Dialect = {
  /** Where `$ref` leads. */
  readonly schemas: string;
  readonly response: (description: string, schema: Schema, example?: unknown) => Json;
  readonly text: (description: string) => Json;
  readonly parameter: (place: "header" | "query" | "path", name: string, values: Json) => Json;
  /** What an operation takes. */
  readonly body: (facts: Pick<ApiFacts, "requestExample">) => Json;
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
  parameter: (place, name, values) => ({
    in: place,
    name,
    ...(place === "path" && { required: true }),
    type: "string",
    ...values,
  }),
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
    ...(place === "path" && { required: true }),
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
  const description = [facts.description, SPECIAL_NUMBERS].filter((text) => text !== undefined);
  const head = { ...facts, description: description.join("\n\n") };
  return renderDocument({ ...head, paths: (dialect) => paths(facts, dialect) }, version);
}

export type DocumentFacts = Omit<ApiFacts, "deployments" | "answerExample"> & {
  readonly paths: (dialect: Dialect) => Json;
};

export function renderDocument(facts: DocumentFacts, version: OpenApiVersion): string {
  const { title, description, secured, request, answer, requestExample } = facts;
  const info = { title, ...(description !== undefined && { description }), version: facts.version };
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
      paths: facts.paths(SWAGGER_2),
      definitions: { ...schemas, ServiceInput: input },
    });
  }
  const bearer = { type: "http", scheme: "bearer", description: BEARER };
  return JSON.stringify({
    openapi: version === 3 ? "3.0.3" : "3.1.1",
    info,
    ...security,
    paths: facts.paths(OPENAPI_3),
    components: { schemas, ...(secured && { securitySchemes: { Bearer: bearer } }) },
  });
}

const BEARER = "Bearer, a space, and a key or a token of the endpoint";

/** How an operation may fail. */
export function refusalsIn({ response, schemas }: Dialect, secured: boolean): Json {
  const error = { $ref: `${schemas}ErrorResponse` };
  return {
    ...(secured && { 401: response("No valid credential", error) }),
    default: response("Refused or failed, with a reason", error),
  };
}

/** What every endpoint has: whether it lives, and its own description. */
export function commonPaths(
  dialect: Dialect,
  { secured, described }: { readonly secured: boolean; readonly described: readonly Json[] },
): Json {
  const { response, text, parameter } = dialect;
  const open = secured ? { security: [] } : {};
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
  const version = parameter("query", "version", { enum: Object.keys(VERSIONS), default: "2" });
  const document = response("An OpenAPI document", { type: "object" });
  return {
    "/": {
      get: { ...open, operationId: "ServiceHealthCheck", responses: { 200: text("Healthy") } },
    },
    "/health/live": health("IsLive", "live"),
    "/health/ready": health("IsReady", "ready"),
    "/swagger.json": {
      get: {
        operationId: "GetSwagger",
        parameters: [...described, version],
        responses: { 200: document, ...refusalsIn(dialect, secured) },
      },
    },
  };
}

function paths(facts: ApiFacts, dialect: Dialect): Json {
  const { response, parameter, body, schemas } = dialect;
  const deployment = parameter("header", "azureml-model-deployment", { enum: facts.deployments });
  const { parameters = [], ...rest } = body(facts) as { readonly parameters?: readonly Json[] };
  const answered = response(
    "The model's answer",
    { $ref: `${schemas}ServiceOutput` },
    facts.answerExample,
  );
  const { secured } = facts;
  const { "/swagger.json": swagger, ...health } = commonPaths(dialect, {
    secured,
    described: [deployment],
  });
  return {
    ...health,
    "/score": {
      post: {
        operationId: "RunMLService",
        parameters: [deployment, ...parameters],
        ...rest,
        responses: { 200: answered, ...refusalsIn(dialect, secured) },
      },
    },
    "/swagger.json": swagger,
  };
}

/** Every fault that can be reported, with a title for the docs and a transport-free kind. */

export type Kind =
  | "bad-input"
  | "too-large"
  | "not-found"
  | "not-allowed"
  | "unauthorized"
  | "not-ready"
  | "timeout"
  | "conflict"
  | "overload"
  | "refused"
  | "bug";

export const CODES = {
  // What users write.
  SPEC_NOT_FOUND: { title: "The spec file does not exist", kind: "not-found" },
  SPEC_UNREADABLE: { title: "The spec file cannot be read", kind: "bad-input" },
  SPEC_TOO_LARGE: { title: "The spec is larger than a spec can be", kind: "too-large" },
  SPEC_EMPTY: { title: "The spec holds no document", kind: "bad-input" },
  SPEC_NOT_TEXT: { title: "The spec is not UTF-8 text", kind: "bad-input" },
  SPEC_SYNTAX: { title: "The spec is not valid YAML", kind: "bad-input" },
  SPEC_DUPLICATE_KEY: { title: "A key appears twice in one mapping", kind: "bad-input" },
  SPEC_ALIASES: { title: "Aliases expand to too much data", kind: "too-large" },
  SPEC_TOO_DEEP: { title: "The spec is nested too deeply", kind: "too-large" },
  SPEC_FORM: { title: "This form of the spec is not read yet", kind: "refused" },
  SPEC_UNKNOWN_KEY: { title: "A key is not part of the language", kind: "bad-input" },
  SPEC_MISSING_KEY: { title: "A required key is absent", kind: "bad-input" },
  SPEC_WRONG_TYPE: { title: "A value has the wrong type", kind: "bad-input" },
  SPEC_WRONG_VALUE: { title: "A value is not allowed", kind: "bad-input" },
  SPEC_NAME: { title: "A name breaks the naming rules", kind: "bad-input" },
  SPEC_CONFLICT: { title: "Two settings contradict each other", kind: "bad-input" },
  SPEC_TRAFFIC_SUM: { title: "Traffic does not add up to 0 or 100", kind: "bad-input" },
  SPEC_UNKNOWN_DEPLOYMENT: {
    title: "Traffic names a deployment that is not there",
    kind: "bad-input",
  },
  SPEC_NO_TRAFFIC: { title: "No deployment gets traffic", kind: "bad-input" },
  SPEC_OLD_SPELLING: { title: "An old spelling was understood", kind: "bad-input" },
  SPEC_IGNORED: { title: "A setting means nothing on a device", kind: "bad-input" },
  SPEC_UNKNOWN_SKU: { title: "An instance type is not in the table", kind: "bad-input" },
  SPEC_REFERENCE: { title: "A reference cannot be resolved", kind: "not-found" },
  SPEC_SCRIPT_MISSING: { title: "A scoring script does not exist", kind: "not-found" },
  SPEC_REDUCED: { title: "A limit was reduced to fit the device", kind: "bad-input" },
  SPEC_MEMORY_SHORT: { title: "A memory limit is below what the model needs", kind: "bad-input" },
  SPEC_DEVICE_TOO_SMALL: { title: "The endpoint does not fit the device", kind: "bad-input" },

  // Model files and the model store.
  MODEL_UNREADABLE: { title: "The model file cannot be read", kind: "bad-input" },
  MODEL_NOT_ONNX: { title: "The file is not an ONNX model", kind: "bad-input" },
  MODEL_REFUSED: { title: "ONNX Runtime cannot load the model", kind: "bad-input" },
  MODEL_OUTPUT_KIND: { title: "A model output is not a tensor", kind: "bad-input" },
  MODEL_INPUT_KIND: { title: "A model input is not a tensor", kind: "bad-input" },
  MODEL_EXTERNAL: {
    title: "Weights beside a model are not where they should be",
    kind: "bad-input",
  },
  MODEL_KEPT: { title: "A model ships as it is", kind: "bad-input" },
  MODEL_VARIES: { title: "A model answers one input differently each time", kind: "bad-input" },
  MODEL_STORE: { title: "The model store refused", kind: "bad-input" },

  // Command line.
  CLI_USAGE: { title: "The command line is wrong", kind: "bad-input" },
  CLI_UNSUPPORTED: { title: "The runtime cannot serve this yet", kind: "refused" },
  CLI_TARGET: { title: "The endpoint to score against cannot be reached", kind: "not-found" },
  CLI_OUTPUT: { title: "Standard output cannot be written", kind: "refused" },
  CLI_FOLDER: { title: "The working folder is gone", kind: "not-found" },
  CLI_CREDENTIALS: { title: "Credentials do not fit the endpoint", kind: "bad-input" },
  CREDENTIAL_FILE: { title: "The credential file cannot be used", kind: "refused" },
  BUG: { title: "A defect of edgewright", kind: "bug" },

  // Runtime.
  RUNTIME_SETTING: { title: "A runtime setting is wrong", kind: "bad-input" },
  RUNTIME_ENDED: { title: "The runtime ended by itself", kind: "bug" },
  RUNTIME_PORT: { title: "The runtime cannot listen on its address", kind: "bad-input" },
  RUNTIME_ENDPOINT: { title: "The resolved endpoint cannot be read", kind: "bad-input" },

  // Requests.
  REQUEST_HTTP: { title: "The request is not HTTP/1.1", kind: "bad-input" },
  REQUEST_HEADERS: { title: "The request's headers are too large", kind: "too-large" },
  REQUEST_SLOW: { title: "The request did not arrive in time", kind: "timeout" },
  REQUEST_EXPECT: { title: "The request expects what is not offered", kind: "bad-input" },
  INPUT_JSON: { title: "The body is not valid JSON", kind: "bad-input" },
  INPUT_FORM: { title: "The body has none of the accepted forms", kind: "bad-input" },
  INPUT_NAME: { title: "An input or output name is unknown or absent", kind: "bad-input" },
  INPUT_SHAPE: { title: "An input has the wrong shape", kind: "bad-input" },
  INPUT_TYPE: { title: "An input has the wrong type", kind: "bad-input" },
  INPUT_TOO_LARGE: { title: "The body is too large", kind: "too-large" },
  AUTH_MISSING: { title: "A request has no credential", kind: "unauthorized" },
  AUTH_FORM: { title: "A credential has the wrong form", kind: "unauthorized" },
  AUTH_WRONG: { title: "A credential is not this endpoint's", kind: "unauthorized" },
  AUTH_EXPIRED: { title: "A token has expired", kind: "unauthorized" },
  ROUTE_UNKNOWN: { title: "There is nothing at this address", kind: "not-found" },
  ROUTE_VERSION: { title: "There is no such version of the document", kind: "not-found" },
  ROUTE_KIND: { title: "The endpoint is of the other kind", kind: "not-found" },
  ROUTE_METHOD: { title: "The method is not allowed here", kind: "not-allowed" },
  ROUTE_DEPLOYMENT: { title: "No deployment takes this request", kind: "not-found" },
  ENGINE_NOT_READY: { title: "The deployment is not ready", kind: "not-ready" },
  ENGINE_FAILED: { title: "The model failed on this input", kind: "bad-input" },
  ENGINE_TIMEOUT: { title: "The request's time is over", kind: "timeout" },
  ENGINE_STOPPED: { title: "The engine stopped before it answered", kind: "not-ready" },

  // Scoring scripts.
  SCRIPT_FAILED: { title: "A scoring script cannot be started", kind: "not-ready" },
  SCRIPT_SYNTAX: { title: "A scoring script cannot be compiled", kind: "bad-input" },
  SCRIPT_PYTHON: { title: "No Python has the packages of a script", kind: "not-found" },
  SCRIPT_PACKAGE: { title: "A Python package cannot be had for the image", kind: "refused" },

  // Batch jobs.
  BATCH_INPUT: { title: "The input of a batch job cannot be used", kind: "bad-input" },
  BATCH_OUTPUT: { title: "The output folder is not this job's", kind: "refused" },
  BATCH_MODEL: { title: "A batch job needs a script for this model", kind: "refused" },
  BATCH_DEPLOYMENT: { title: "A batch job needs one deployment", kind: "bad-input" },
  BATCH_SHARD: { title: "Which shard this is cannot be told", kind: "bad-input" },
  BATCH_BUSY: { title: "Another process works on the job", kind: "refused" },
  BATCH_THRESHOLD: { title: "More items failed than may", kind: "refused" },
  BATCH_NOTHING: { title: "No item of the job succeeded", kind: "refused" },
  BATCH_STOPPED: { title: "The job stopped before its end", kind: "refused" },
  BATCH_MERGE: { title: "The shards of a job cannot be joined", kind: "refused" },

  // Jobs that a module is asked for.
  JOB_REQUEST: { title: "A job cannot be started as it was asked for", kind: "bad-input" },
  JOB_PLACE: { title: "A job may not read or write there", kind: "bad-input" },
  JOB_UNKNOWN: { title: "There is no such job", kind: "not-found" },
  JOB_STATE: { title: "The job is in another state", kind: "conflict" },
  JOB_QUEUE: { title: "Too many jobs wait", kind: "overload" },
  JOB_STORE: { title: "Jobs cannot be kept", kind: "refused" },
  JOB_DIED: { title: "A job's process ended by itself", kind: "refused" },

  // Images and deployment manifests.
  BUILD_INPUT: { title: "A file of the image cannot be packed", kind: "bad-input" },
  BUILD_OUTPUT: { title: "A file of the build cannot be written", kind: "refused" },
  BUILD_TAG: { title: "The image name is wrong", kind: "bad-input" },
  BUILD_PROGRAM: { title: "A program that the build needs is absent", kind: "not-found" },
  BUILD_DOWNLOAD: { title: "A part of the base cannot be downloaded", kind: "refused" },
  BUILD_BASE: { title: "The base cannot be assembled", kind: "refused" },
  BUILD_LOCK: { title: "The image lock cannot be read", kind: "bad-input" },
  BUILD_LOCK_CHANGED: { title: "The image lock does not fit any more", kind: "refused" },
  BUILD_ENGINE: { title: "The container engine cannot be used", kind: "refused" },
  BUILD_OFFLINE: {
    title: "A part of the base is not here, and downloads are off",
    kind: "refused",
  },
  BUILD_UPDATE: { title: "An update costs a device more than it may", kind: "refused" },
  IMAGE_SOURCE: { title: "There is no image at that place", kind: "not-found" },
  IMAGE_BROKEN: { title: "An image is not what it says", kind: "bad-input" },
  IMAGE_PLATFORM: { title: "An image has no such platform", kind: "not-found" },
  IMAGE_UNFIT: { title: "An image breaks a rule of safe images", kind: "refused" },
  MANIFEST_CREATE_OPTIONS: { title: "createOptions are too long", kind: "too-large" },
  MANIFEST_TWIN_SIZE: { title: "A module twin is too large", kind: "too-large" },
  MANIFEST_NAME: { title: "A name is not allowed in a manifest", kind: "bad-input" },
  MANIFEST_BASE: { title: "The base manifest is wrong", kind: "bad-input" },

  // On the device: messages, the twin, the outbox.
  EDGE_RESULT_TOO_LARGE: { title: "A result does not fit into a message", kind: "too-large" },
  EDGE_SET_ASIDE: { title: "A message brought the module down twice", kind: "refused" },
  TWIN_UNKNOWN_KEY: { title: "A desired property is not part of the contract", kind: "bad-input" },
  TWIN_WRONG_VALUE: { title: "A desired property has a wrong value", kind: "bad-input" },
  TWIN_TOO_LARGE: { title: "The desired properties are too large", kind: "too-large" },

  // The simulated device.
  SIM_ROUTE: { title: "A route is wrong", kind: "bad-input" },
  SIM_MODULE: { title: "A module of the device cannot be started", kind: "refused" },
  SIM_MESSAGE: { title: "A message cannot be sent", kind: "bad-input" },
  SIM_TWIN: { title: "A twin does not take a patch", kind: "bad-input" },
  SIM_SCENARIO: { title: "The scenario is wrong", kind: "bad-input" },
  SIM_PORT: { title: "A port of the simulated device cannot be had", kind: "bad-input" },
  SIM_STATE: { title: "The state folder cannot be used", kind: "conflict" },
  SIM_STOPPED: { title: "The scenario was stopped", kind: "refused" },
  SIM_SCENARIO_FAILED: { title: "A step of the scenario failed", kind: "refused" },
} as const satisfies Record<string, { title: string; kind: Kind }>;

export type Code = keyof typeof CODES;

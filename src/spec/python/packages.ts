/** Which packages does a script need, by the names of pip, of import lines and of Debian? */

export type PythonPackage = {
  /** As pip spells it, normalised. */
  readonly pip: string;
  /** What a script imports. */
  readonly module: string;
  readonly debian: string;
};

/** What Debian packages well; the import of each is tested in an image. */
export const PYTHON_PACKAGES: readonly PythonPackage[] = [
  { pip: "attrs", module: "attr", debian: "python3-attr" },
  { pip: "cachetools", module: "cachetools", debian: "python3-cachetools" },
  { pip: "flask", module: "flask", debian: "python3-flask" },
  { pip: "joblib", module: "joblib", debian: "python3-joblib" },
  { pip: "jsonschema", module: "jsonschema", debian: "python3-jsonschema" },
  { pip: "msgpack", module: "msgpack", debian: "python3-msgpack" },
  { pip: "numpy", module: "numpy", debian: "python3-numpy" },
  { pip: "packaging", module: "packaging", debian: "python3-packaging" },
  { pip: "pandas", module: "pandas", debian: "python3-pandas" },
  { pip: "pillow", module: "PIL", debian: "python3-pil" },
  { pip: "psutil", module: "psutil", debian: "python3-psutil" },
  { pip: "python-dateutil", module: "dateutil", debian: "python3-dateutil" },
  { pip: "pytz", module: "pytz", debian: "python3-tz" },
  { pip: "pyyaml", module: "yaml", debian: "python3-yaml" },
  { pip: "requests", module: "requests", debian: "python3-requests" },
  { pip: "scikit-learn", module: "sklearn", debian: "python3-sklearn" },
  { pip: "scipy", module: "scipy", debian: "python3-scipy" },
  { pip: "simplejson", module: "simplejson", debian: "python3-simplejson" },
  { pip: "six", module: "six", debian: "python3-six" },
  { pip: "tqdm", module: "tqdm", debian: "python3-tqdm" },
];

/** What the host offers itself, or what only serves to install the rest. */
const PROVIDED_PIP: ReadonlySet<string> = new Set([
  "azureml-contrib-services",
  "azureml-defaults",
  "azureml-inference-server-http",
  "gunicorn",
  "inference-schema",
  "onnxruntime",
  "pip",
  "python",
  "setuptools",
  "wheel",
]);
const PROVIDED_MODULES: ReadonlySet<string> = new Set([
  "azureml",
  "azureml_inference_server_http",
  "inference_schema",
  "onnxruntime",
]);

const BY_PIP = new Map(PYTHON_PACKAGES.map((each) => [each.pip, each]));
const BY_MODULE = new Map(PYTHON_PACKAGES.map((each) => [each.module, each]));

export function packageOfPip(name: string): PythonPackage | undefined {
  return BY_PIP.get(name);
}

export function packageOfModule(name: string): PythonPackage | undefined {
  return BY_MODULE.get(name);
}

export function isProvidedPackage(name: string): boolean {
  return PROVIDED_PIP.has(name);
}

export function isProvidedModule(name: string): boolean {
  return PROVIDED_MODULES.has(name);
}

/** @source PEP 503: runs of `-`, `_` and `.` are one hyphen, case does not count */
export function normalPipName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

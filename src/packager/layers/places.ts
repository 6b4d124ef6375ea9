/** Where do things lie in an image? Relative to its root, as layers name them. */

export const HOME_FOLDER = "opt/edgewright";
export const MODULES_FOLDER = `${HOME_FOLDER}/node_modules`;
/** Where Azure puts models, and scripts look for them. @source azureml-contract 3 (AZUREML_MODEL_DIR) */
export const MODELS_FOLDER = "var/azureml-app/azureml-models";
/** Of scoring scripts: a folder for each deployment. */
export const CODE_FOLDER = "var/azureml-app/code";
export const ENDPOINT_FILE = "var/azureml-app/endpoint.json";

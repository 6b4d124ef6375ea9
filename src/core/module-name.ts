/**
 * Which names may a module of a device have?
 *
 * @source SchemaStore/schemastore: azure-iot-edgeagent-deployment-1.1.json; IoT Hub: module identities, moduleId
 */

export const MODULE_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
export const MODULE_NAME_RULE = "1 to 128 letters, digits, _ and -";

/** What is wrong with it, to stand behind what it names. */
export function moduleNameFault(name: string): string | undefined {
  if (MODULE_NAME.test(name)) return undefined;
  const shown = name.length > 60 ? `${name.slice(0, 60)}… (${name.length} characters)` : name;
  return `is '${shown}', must be ${MODULE_NAME_RULE}`;
}

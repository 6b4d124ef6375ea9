/** `edgewright model add|list|remove`: the local model store behind `azureml:name:version`. */

import { resolve } from "node:path";

import { addModel, listModels, removeModel } from "../../model/store.ts";
import { UsageError } from "../command.ts";
import type { Command, Invocation, Outcome } from "../command.ts";
import { storeFolder } from "../given/endpoint.ts";

export const MODEL: Command = {
  name: "model",
  usage: "add NAME:VERSION PATH | list | remove NAME:VERSION",
  summary: "the local model store behind azureml:name:version",
  options: {},
  run: async (invocation): Promise<Outcome> => {
    const [verb, ...rest] = invocation.args;
    const store = storeFolder(invocation);
    switch (verb) {
      case "add":
        return add(invocation, store, rest);
      case "list": {
        const models = await listModels(store);
        const text = models
          .map(({ name, version, path }) => `${name}:${version}  ${path}`)
          .join("\n");
        return { problems: [], json: { models }, ...(text && { text }) };
      }
      case "remove":
        return remove(store, rest);
      default:
        throw new UsageError("model takes add, list or remove");
    }
  },
};

async function add({ cwd }: Invocation, store: string, args: readonly string[]): Promise<Outcome> {
  const [reference, path] = args;
  if (path === undefined || args.length > 2)
    throw new UsageError("model add takes NAME:VERSION and a path");
  const { name, version } = parseReference(reference);
  const added = await addModel(store, { name, version, path: resolve(cwd, path) });
  return {
    problems: [],
    json: { name, version, path: added.path },
    text: `azureml:${name}:${version} is ${added.path}`,
  };
}

async function remove(store: string, args: readonly string[]): Promise<Outcome> {
  const { name, version } = parseReference(args[0]);
  await removeModel(store, { name, version });
  return { problems: [], json: { name, version }, text: `${name}:${version} is gone` };
}

function parseReference(text: string | undefined): { name: string; version: string } {
  const [name, version, ...others] = (text ?? "").split(":");
  if (name && version && others.length === 0) return { name, version };
  throw new UsageError(`'${text ?? ""}' is not NAME:VERSION`);
}

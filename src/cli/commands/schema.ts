/** `edgewright schema --scenario|--twin`: JSON schemas for editors and checks. */

import { TWIN_SCHEMA } from "../../runtime/edge/twin/twin-schema.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";

export const SCHEMA: Command = {
  name: "schema",
  usage: "--scenario|--twin",
  summary: "a JSON schema, of scenario files or of the module's desired properties",
  options: {
    scenario: { type: "boolean", summary: "what `simulate` runs" },
    twin: { type: "boolean", summary: "what a module takes from its twin" },
  },
  run: ({ options }) => {
    const { scenario, twin } = options;
    if (scenario === twin) throw new UsageError("schema needs either --scenario or --twin");
    const schema = scenario === true ? scenarioSchema() : TWIN_SCHEMA;
    return Promise.resolve({
      problems: [],
      json: { schema },
      text: JSON.stringify(schema, null, 2),
    });
  },
};

/** Where do the module's messages go? To the cloud, unless the spec says more. */

import type { ResolvedModule } from "../../spec/resolved.ts";

const DEFAULT_OUTPUT = "amlOutput";
const FAULT_OUTPUT = "amlError";

/** A route of the spec with the same name takes the place of ours. */
export function moduleRoutes(module: ResolvedModule): Readonly<Record<string, string>> {
  const [first = DEFAULT_OUTPUT, ...more] = module.outputs;
  const upstream = (output: string): string =>
    `FROM /messages/modules/${module.name}/outputs/${output} INTO $upstream`;
  const others = [...new Set([...more, FAULT_OUTPUT])].filter((output) => output !== first);
  return {
    [`${module.name}ToIoTHub`]: upstream(first),
    ...Object.fromEntries(
      others.map((output) => [`${module.name}_${output}_ToIoTHub`, upstream(output)]),
    ),
    ...module.routes,
  };
}

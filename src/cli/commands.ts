/** Every command, in the order of the help text. */

import type { Command } from "./command.ts";
import { BUILD } from "./build.ts";
import { INSPECT } from "./inspect.ts";
import { MODEL } from "./model.ts";
import { KEYS } from "./keys.ts";
import { RUN } from "./run.ts";
import { SCHEMA } from "./schema.ts";
import { SCORE } from "./score.ts";
import { SIMULATE } from "./simulate.ts";
import { TOKEN } from "./token.ts";
import { VALIDATE } from "./validate.ts";

export const COMMANDS: readonly Command[] = [
  VALIDATE,
  INSPECT,
  BUILD,
  RUN,
  SIMULATE,
  SCORE,
  KEYS,
  TOKEN,
  MODEL,
  SCHEMA,
];

/** Every command, in the order of the help text. */

import type { Command } from "./command.ts";
import { BASE } from "./base.ts";
import { BATCH } from "./batch.ts";
import { BUILD } from "./build.ts";
import { DIFF } from "./diff.ts";
import { INSPECT } from "./inspect.ts";
import { MODEL } from "./model.ts";
import { KEYS } from "./keys.ts";
import { PLAN } from "./plan.ts";
import { RUN } from "./run.ts";
import { SCHEMA } from "./schema.ts";
import { SCORE } from "./score.ts";
import { SIMULATE } from "./simulate.ts";
import { TOKEN } from "./token.ts";
import { VALIDATE } from "./validate.ts";
import { VERIFY } from "./verify.ts";

export const COMMANDS: readonly Command[] = [
  VALIDATE,
  INSPECT,
  BUILD,
  PLAN,
  DIFF,
  BASE,
  RUN,
  SIMULATE,
  SCORE,
  BATCH,
  KEYS,
  TOKEN,
  MODEL,
  VERIFY,
  SCHEMA,
];

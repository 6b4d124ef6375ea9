/**
 * What may a setting be at most? One bound each, for the spec and for the twin: above them a timer
 * overflows and fires at once, or a count starts more processes than any machine has.
 */

/** An hour, as the inference server's own `SCORING_TIMEOUT_MS`; Azure ends at 5 minutes. */
export const MOST_REQUEST_MS = 3_600_000;
/** Each is a process where a script answers. */
export const MOST_REQUESTS_PER_INSTANCE = 1000;
export const MOST_INSTANCES = 1000;
/** Machines of a batch job. */
export const MOST_NODES = 10_000;
/** Three days, Azure's bound for parallel jobs. */
export const MOST_MINI_BATCH_SECONDS = 259_200;
/** A year. */
export const MOST_OUTBOX_SECONDS = 31_536_000;

/** How long may a timer be? */

/** 24 days; above it Node's own fires at once. @source nodejs.org: api/timers, setTimeout */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How Node is started for the runtime, in an image and on a workbench. Nearly all its garbage is
 * short-lived: a small young generation keeps 25 MB less resident for the same speed, and helper
 * threads cost a small CPU more than they save.
 */
export const NODE_FLAGS = ["--max-semi-space-size=4", "--single-threaded-gc"] as const;

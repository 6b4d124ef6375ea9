/** What did a measure other than scoring find: one row of figures, the floor's beside ours? */

export type Finding = {
  readonly what: string;
  readonly ours: string;
  /** Of the bare server or of a single instance, as `what` says; empty where nothing compares. */
  readonly beside: string;
  readonly ratio?: number;
};

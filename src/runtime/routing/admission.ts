/**
 * The door of one deployment: so many requests hold a slot, as many again wait, the rest is refused
 * at once. The clock of a request starts when it arrives here.
 *
 * @source azureml-contract 3.3, 3.7; DESIGN 6 (admission)
 */

import type { Clock } from "../../core/ports.ts";
import type { Backend, Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";

export type RequestSettings = {
  /** How many hold a slot at a time: concurrent requests per instance × instances. */
  readonly slots: number;
  readonly requestTimeoutMs: number;
  readonly maxQueueWaitMs: number;
};

export type AdmissionOptions = {
  readonly backend: Backend;
  readonly settings: RequestSettings;
  readonly clock: Clock;
  /** How a refusal is answered. */
  readonly refuse: (reason: Refusal) => ScoringResponse;
  /** What becomes of an answer of the backend before it is given. */
  readonly finish: (answer: ScoringResponse) => ScoringResponse;
  /** Told of every request that got a slot: how long it waited for it. */
  readonly onGranted: (waitMs: number) => void;
};

/** `overload`: no room to wait, or waited too long; `timeout`: its time ended while it held a slot. */
export type Refusal = "not-ready" | "overload" | "timeout";

export type Admission = Scorer & {
  readonly setSettings: (settings: RequestSettings) => void;
  /** How many may run: the limit in force. */
  readonly slots: () => number;
  readonly running: () => number;
  readonly waiting: () => number;
};

type Waiting = {
  readonly request: ScoringRequest;
  readonly arrival: number;
  readonly resolve: (response: ScoringResponse | Promise<ScoringResponse>) => void;
  readonly timer: NodeJS.Timeout;
};

export function createAdmission(options: AdmissionOptions): Admission {
  const { backend, clock, refuse, finish, onGranted } = options;
  let { settings } = options;
  let running = 0;
  const queue = new Set<Waiting>();
  const late = (): ScoringResponse => refuse("timeout");

  const release = (): void => {
    running -= 1;
    grantNext();
  };
  const grantNext = (): void => {
    for (const waiting of queue) {
      if (running >= settings.slots) return;
      leaveQueue(waiting);
      if (waiting.request.cancellation.cancelled) waiting.resolve(refuse("overload"));
      else waiting.resolve(grant(waiting.request, waiting.arrival));
    }
  };
  const leaveQueue = (waiting: Waiting): void => {
    queue.delete(waiting);
    clearTimeout(waiting.timer);
  };
  /** The slot is held until the backend is done, also when the answer was a timeout before that. */
  const grant = (request: ScoringRequest, arrival: number): Promise<ScoringResponse> => {
    running += 1;
    const waitedMs = clock.monotonic() - arrival;
    onGranted(waitedMs);
    const timeoutMs = settings.requestTimeoutMs - waitedMs;
    return scoreInTime(request, { backend, timeoutMs, late, finish, release });
  };
  const wait = (request: ScoringRequest): Promise<ScoringResponse> => {
    const { maxQueueWaitMs, requestTimeoutMs } = settings;
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          leaveQueue(waiting);
          resolve(refuse("overload"));
        },
        Math.min(maxQueueWaitMs, requestTimeoutMs),
      );
      const waiting = { request, arrival: clock.monotonic(), resolve, timer };
      queue.add(waiting);
      // Who goes away makes room for the next.
      request.cancellation.signal.addEventListener("abort", () => {
        if (!queue.has(waiting)) return;
        leaveQueue(waiting);
        resolve(refuse("overload"));
      });
    });
  };
  return {
    score: (request) => {
      if (!backend.ready()) return Promise.resolve(refuse("not-ready"));
      if (running < settings.slots) return grant(request, clock.monotonic());
      return queue.size < settings.slots ? wait(request) : Promise.resolve(refuse("overload"));
    },
    setSettings: (next) => {
      settings = next;
      grantNext();
    },
    slots: () => settings.slots,
    running: () => running,
    waiting: () => queue.size,
    close: () => backend.close(),
  };
}

type Run = {
  readonly backend: Backend;
  readonly timeoutMs: number;
  readonly late: () => ScoringResponse;
  readonly finish: (answer: ScoringResponse) => ScoringResponse;
  /** Called when the backend is done, whether in time or not. */
  readonly release: () => void;
};

function scoreInTime(
  request: ScoringRequest,
  { backend, timeoutMs, late, finish, release }: Run,
): Promise<ScoringResponse> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(late());
      request.cancellation.cancel("timeout");
    }, timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      release();
    };
    backend.score(request).then(
      (response) => {
        done();
        resolve(finish(response));
      },
      (error: Error) => {
        done();
        reject(error);
      },
    );
  });
}

/**
 * How do we get sin, cos, exp and log with the same last bit on every machine? From additions,
 * multiplications and divisions alone: those are rounded exactly everywhere, while the functions of
 * `Math` differ between versions of Node and between processors.
 */

// Each constant in two parts: the first short enough that its product with a small integer is exact.
const HALF_PI = { high: 1.5707963267341256, low: 6.077100506506192e-11 };
const LN2 = { high: 0.6931471803691238, low: 1.9082149292705877e-10 };

/** 1/3!, 1/5! … with alternating signs, for |x| ≤ π/4. */
function sinSeries(x: number): number {
  const square = x * x;
  let sum = 0;
  for (let n = 17; n > 1; n -= 2) sum = (-square / (n * (n - 1))) * (1 + sum);
  return x * (1 + sum);
}

function cosSeries(x: number): number {
  const square = x * x;
  let sum = 0;
  for (let n = 18; n > 0; n -= 2) sum = (-square / (n * (n - 1))) * (1 + sum);
  return 1 + sum;
}

/** For arguments up to about a million. */
export function sin(x: number): number {
  const quarters = Math.round(x / (Math.PI / 2));
  const rest = x - quarters * HALF_PI.high - quarters * HALF_PI.low;
  const size = quarters % 2 === 0 ? sinSeries(rest) : cosSeries(rest);
  return ((quarters % 4) + 4) % 4 < 2 ? size : -size;
}

export function cos(x: number): number {
  return sin(x + Math.PI / 2);
}

export function exp(x: number): number {
  const doublings = Math.round(x / Math.LN2);
  const rest = x - doublings * LN2.high - doublings * LN2.low;
  let sum = 1;
  for (let n = 14; n > 0; n -= 1) sum = 1 + (rest / n) * sum;
  for (let n = 0; n < doublings; n += 1) sum *= 2;
  for (let n = 0; n > doublings; n -= 1) sum *= 0.5;
  return sum;
}

/** Natural logarithm of a positive, finite number. */
export function log(x: number): number {
  let mantissa = x;
  let doublings = 0;
  for (; mantissa > Math.SQRT2; doublings += 1) mantissa *= 0.5;
  for (; mantissa < Math.SQRT1_2; doublings -= 1) mantissa *= 2;
  // ln m = 2 artanh((m − 1) / (m + 1))
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let n = 23; n > 0; n -= 2) sum = 1 / n + square * sum;
  return 2 * ratio * sum + (doublings * LN2.low + doublings * LN2.high);
}

/** Where do numbers come from that look random and are the same in every run? */

/** Numbers in [0, 1). @source Steele, Vigna: Computationally easy, spectrally good multipliers (2021) */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 0x915f77f5) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

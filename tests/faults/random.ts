/** Numbers that look random and are the same for the same seed: mulberry32, by Tommy Ettinger, in the public domain. */
export interface Random {
  /** From 0 up to, but not, 1. */
  next(): number
  /** From 0 up to, but not, `below`. */
  integer(below: number): number
  chance(probability: number): boolean
  pick<T>(choices: readonly [T, ...T[]]): T
  /** One of `choices`, each as often as its weight says, and `otherwise` as often as its own. */
  weighted<T, Other = T>(choices: readonly (readonly [T, number])[], otherwise: Other, itsWeight?: number): T | Other
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const integer = (below: number) => Math.floor(next() * below)

  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[integer(choices.length)] ?? choices[0],
    weighted(choices, otherwise, itsWeight = 0) {
      let left = next() * choices.reduce((sum, [, weight]) => sum + weight, itsWeight)
      for (const [choice, weight] of choices) {
        left -= weight
        if (left < 0) return choice
      }
      return otherwise
    },
  }
}

/** A seed for one of many that one seed is for. */
export function seedOf(seed: number, at: number): number {
  return Math.imul(seed ^ Math.imul(at + 1, 0x9e3779b1), 0x85ebca6b) >>> 0
}

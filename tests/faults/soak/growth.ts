/** What was measured in one stretch of peace: a number for each figure, a median or the lowest of many. */
export type Figures = Readonly<Record<string, number>>

export interface Growth {
  figure: string
  /** The highest of the beginning, the lowest of the end. */
  from: number
  to: number
}

/** A figure that swings by no more than this has not grown. */
const SHARE = 0.1

/**
 * Which figures have grown. What leaks gets more all the time: even the lowest of the last third is above the highest of
 * the first. What only swings, or steps up once and stays within a tenth, is not.
 */
export function growthIn(windows: readonly Figures[], figures: readonly string[]): Growth[] {
  const third = Math.ceil(windows.length / 3)
  const valuesIn = (some: readonly Figures[], figure: string) => some.flatMap((window) => window[figure] ?? [])
  return figures.flatMap((figure) => {
    const from = Math.max(...valuesIn(windows.slice(0, third), figure))
    const to = Math.min(...valuesIn(windows.slice(-third), figure))
    return Number.isFinite(to) && to > from * (1 + SHARE) ? [{ figure, from, to }] : []
  })
}

/** A run of dark modules in a row of a QR's picture; `x` and `y` count from its corner, margin included. */
export interface DarkRun {
  x: number
  y: number
  length: number
}

/** What the pen of a QR's SVG draws: it is put down where a row begins, draws by `h`, and goes on by `m`. */
export function darkRunsOf(svg: string): DarkRun[] {
  return [...svg.matchAll(/M(\d+) (\d+)\.5(h\d+(?:m\d+ 0h\d+)*)/g)].flatMap(([, rowX, rowY, strokes = '']) => {
    let penAt = Number(rowX)
    return [...strokes.matchAll(/(?:m(\d+) 0)?h(\d+)/g)].map(([, gap = '0', length]) => {
      const run = { x: penAt + Number(gap), y: Number(rowY), length: Number(length) }
      penAt = run.x + run.length
      return run
    })
  })
}

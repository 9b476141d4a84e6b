const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export function whole(value) {
  return number.format(value)
}

/** The digits that count: 0.87, 5.4, 82.5, 1,234. */
export function brief(value) {
  if (Math.abs(value) >= 1000) return whole(value)
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)))
}

/** From 0 to some round number that is no less than `most`. */
export function linear({ most, from, to, steps = 5 }) {
  const step = roundStep(most / steps)
  const end = Math.ceil(most / step - 1e-9) * step
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step)
  return { ticks, place: (value) => from + (value / end) * (to - from) }
}

/** From the power of ten below `least` to the one above `most`. */
export function logarithmic({ least, most, from, to }) {
  const first = Math.floor(Math.log10(least) + 1e-9)
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9))
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at))
  return { ticks, place: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from) }
}

/** 1, 2 or 5, and zeros. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10)
}

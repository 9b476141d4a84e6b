export function median(values) {
  return percentile(values, 0.5)
}

/** The value below which this share of them lies; between two of them, in proportion. */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** The median of the ratios round by round: what another program does to the machine hits both sides of a round. */
export function pairedRatio(values, references) {
  return median(values.map((value, round) => value / references[round]))
}

export function rounded(value, digits = 2) {
  return Number(value.toFixed(digits))
}

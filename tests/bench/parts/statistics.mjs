export function median(values) {
  return percentile(values, 0.5)
}

/** The value below which this share of the values lies; between two of them, interpolated. */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** The median of the ratios of each round: another program on the machine slows both sides of a round. */
export function pairedRatio(values, references) {
  return median(values.map((value, round) => value / references[round]))
}

/**
 * What rounds of polls or questions came to, beside the floor's rounds.
 * @param results of `loadWithRedis`, round by round
 * @param floors of `load`, of the same rounds
 */
export function besideFloor(results, floors) {
  const all = (field, of = results) => of.map((result) => result[field])
  return {
    perSecond: median(all('perSecond')),
    ofFloor: pairedRatio(all('perSecond'), all('perSecond', floors)),
    cpuMicros: median(all('cpuMicros')),
    ofFloorCpu: pairedRatio(all('cpuMicros'), all('cpuMicros', floors)),
    p99Ms: median(all('p99Ms')),
    redisCpuMicros: median(all('redisCpuMicros')),
    redisCommands: median(all('redisCommands')),
    bytesAReply: results[0].bytesAReply,
  }
}

export function rounded(value, digits = 2) {
  return Number(value.toFixed(digits))
}

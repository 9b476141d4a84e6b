// More browsers than one core can answer every two seconds, by hand: node tests/bench/measures/overload.mjs [BROWSERS]
// The core is a slow one, Node without its compiler (--jitless). For a whole one: hundred-thousand.mjs.
import { overload } from '../parts/overload.mjs'
import { rounded } from '../parts/statistics.mjs'

const BROWSERS = Number(process.argv[2] ?? 7500)

let most = 0
const { settled, held, replies, steps } = await overload({
  browsers: BROWSERS,
  nodeOptions: '--jitless',
  arriveOverMs: 30_000,
  settleMs: 45_000,
  signIn: { perSecond: 10, seconds: 30 },
  leaving: [{ stay: 400, seconds: 180 }],
  sampleEveryMs: 1000,
  onSample(sample) {
    if (process.argv.includes('--seconds')) console.log(JSON.stringify(sample))
    most = Math.max(most, sample.polls)
  },
})
console.log({
  browsers: BROWSERS,
  offeredASecond: BROWSERS / 2,
  carriedASecond: most,
  timesTooMany: rounded(BROWSERS / 2 / most),
  settledHold: settled.hold,
  settledPollsASecond: settled.polls,
  replies,
  signedIn: held.signedIn,
  lost: held.lost,
  p50Ms: held.p50Ms,
  p99Ms: held.p99Ms,
  holdOnceTheyLeft: steps[0].hold,
  afterSeconds: steps[0].backAfterSeconds,
})

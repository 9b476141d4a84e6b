import type { Step } from './browser-steps.ts'
import { type Call, isTold, type LoginHistory, type Rules, type Span, spanOf } from './history.ts'
import { begunBy, lost, lostInBetween, type Model, startOf } from './model.ts'
import { stepsOf } from './steps.ts'

/**
 * Whether some order of what was asked explains every answer: each thing happens at one moment between its call and its
 * reply, and what nobody was told of at any later time or never. Wing and Gong's search, with what failed before
 * remembered (Lowe, "Testing for linearizability", 2017).
 */
export type Explanation =
  | { isExplained: true }
  /** The calls that could not come next where the search got furthest, and what the login was there. */
  | { isExplained: false; stuckAt: readonly Call[]; model: Model }
  | { isExplained: false; stuckAt: 'too many orders' }

/** One step of a call, and whose turn comes before it. */
interface Item {
  call: Call
  /** Its own, among those of what is done. */
  bit: bigint
  step: Step
  span: Span
  isTold: boolean
  /** By its answer it has changed nothing, wherever it comes. */
  isRead: boolean
  after: number | undefined
  /**
   * One that asked the same before, where nobody was told of either. Which of them has come nobody can tell, so they come
   * in their order: the earlier one may come whenever the later one may, and with every pair not tried both ways there are
   * as many places less.
   */
  twin: number | undefined
}

interface Place {
  model: Model
  done: bigint
  /** No later than this is now. */
  earliest: number
}

/** What a login has to do with is a few dozen calls: this is for what nobody would wait for. */
const MOST_PLACES = 200_000

export function explain(history: LoginHistory, rules: Rules): Explanation {
  const items = itemsOf(history, rules)
  const all = items.reduce((told, item) => (item.isTold ? told | item.bit : told), 0n)
  const seen = new Set<string>()
  const start: Place = { model: startOf(history, rules), done: 0n, earliest: history.started.from }
  const open = [start]
  let furthest = start

  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const here = readAll(place, items, rules)
    if ((here.done & all) === all) return { isExplained: true }
    const key = keyOf(here)
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size > MOST_PLACES) return { isExplained: false, stuckAt: 'too many orders' }
    if (count(here.done & all) >= count(furthest.done & all)) furthest = here
    open.push(...nextPlaces(here, items, rules))
  }
  const stuckAt = eligible(furthest, items).flatMap((at) => items[at]?.call ?? [])
  return { isExplained: false, stuckAt, model: furthest.model }
}

function itemsOf(history: LoginHistory, rules: Rules): Item[] {
  const items: Item[] = []
  const latest = new Map<string, number>()
  const calls = [...history.calls.entries()].sort(([, one], [, other]) => one.calledAt - other.calledAt)
  for (const [at, call] of calls) {
    for (const [nth, step] of stepsOf(call, at, history, rules).entries()) {
      const place = items.length
      const after = nth === 0 ? undefined : place - 1
      const asked = `${nth} ${JSON.stringify(call.ask)}`
      const twin = isTold(call) ? undefined : latest.get(asked)
      if (!isTold(call)) latest.set(asked, place)
      items.push({
        ...{ call, step, after, twin, bit: 1n << BigInt(place) },
        ...{ span: spanOf(call), isTold: isTold(call), isRead: isRead(call) },
      })
    }
  }
  return items
}

function isRead(call: Call): boolean {
  if (!isTold(call)) return false
  const { ask, answer } = call
  if (answer.status >= 400) return answer.code !== 'wrong_match_code'
  return (
    ask.do === 'watch' ||
    (ask.do === 'poll' && answer.said !== 'authenticated') ||
    (ask.do === 'rotate' && answer.secret === undefined)
  )
}

/** What changes nothing may as well happen at once: that takes nothing from what comes later. */
function readAll(from: Place, items: readonly Item[], rules: Rules): Place {
  let place = from
  for (let hasRead = true; hasRead; ) {
    hasRead = false
    for (const at of eligible(place, items)) {
      const item = items[at]
      if (item === undefined || !item.isRead || !outcomes(place, item, rules).includes(place.model)) continue
      place = { ...place, model: begunBy(place.model, item.span.until), done: place.done | item.bit }
      hasRead = true
    }
  }
  return place
}

function nextPlaces(place: Place, items: readonly Item[], rules: Rules): Place[] {
  return eligible(place, items).flatMap((at) => {
    const item = items[at]
    if (item === undefined) return []
    const earliest = Math.max(place.earliest, item.span.from)
    // What nobody was told of and has changed nothing is as good as never come; what was read is read already.
    const isWorthIt = (model: Model) => model !== place.model || (item.isTold && !item.isRead)
    const after = outcomes(place, item, rules).filter(isWorthIt)
    return after.map((model) => ({
      model: begunBy(model, item.span.until),
      done: place.done | item.bit,
      earliest,
    }))
  })
}

function outcomes({ model, earliest }: Place, { step, span }: Item, { lostFrom }: Rules): readonly Model[] {
  const when = { from: Math.max(earliest, span.from), until: span.until }
  const kept = step(model, when)
  const mayBeLost = lostFrom !== undefined && when.until >= lostFrom && model.session !== 'lost'
  return mayBeLost ? [...kept, ...step(lost(model), when), ...step(lostInBetween(model), when).map(lost)] : kept
}

/** What may come next: whatever had been answered before it was asked is done. */
function eligible({ done }: Place, items: readonly Item[]): number[] {
  const isOpen = (item: Item | undefined) => item !== undefined && (done & item.bit) === 0n
  const horizon = items.reduce(
    (soonest, item) => (item.isTold && isOpen(item) ? Math.min(soonest, item.span.until) : soonest),
    Number.POSITIVE_INFINITY,
  )
  const at = (place: number | undefined) => (place === undefined ? undefined : items[place])
  return items.flatMap((item, place) => {
    if (!isOpen(item) || item.span.from > horizon || isOpen(at(item.twin))) return []
    // What nobody was told of may have changed nothing, and then is not waited for.
    const before = at(item.after)
    return isOpen(before) && before?.isTold ? [] : [place]
  })
}

function keyOf({ done, model, earliest }: Place): string {
  return `${done.toString(36)} ${earliest} ${JSON.stringify(model)}`
}

function count(bits: bigint): number {
  return bits.toString(2).replaceAll('0', '').length
}

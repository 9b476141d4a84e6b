import type { Step } from './browser-steps.ts'
import { type Call, isTold, type LoginHistory, type Rules, type Span, spanOf } from './history.ts'
import { begunBy, lost, lostInBetween, type Model, startOf } from './model.ts'
import { stepsOf } from './steps.ts'

/**
 * Whether some order of the calls explains every answer. A call happens at one moment between its request and its
 * reply; one without an answer happens at any later time, or never. This is Wing and Gong's search, which remembers
 * what failed before (Lowe, "Testing for linearizability", 2017).
 */
export type Explanation =
  | { isExplained: true }
  /** The calls that could not come next where the search got furthest, and the model of the login there. */
  | { isExplained: false; stuckAt: readonly Call[]; model: Model }
  | { isExplained: false; stuckAt: 'too many orders' }

/** One step of a call, and the step that must come before it. */
interface Item {
  call: Call
  /** This step's bit in `done`. */
  bit: bigint
  step: Step
  span: Span
  isTold: boolean
  /** Its answer says that it has changed nothing, whenever it happened. */
  isRead: boolean
  after: number | undefined
  /**
   * An earlier step that asked the same, if neither was answered. Nobody can tell which of them happened, so the
   * earlier one comes first: it may come whenever the later one may, and so fewer orders have to be tried.
   */
  twin: number | undefined
}

interface Place {
  model: Model
  done: bigint
  /** The time is this or later. */
  earliest: number
}

/** The calls about one login are a few dozen: this ends a search that nobody would wait for. */
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

/** Lets every step happen at once that changes nothing: that takes nothing from what comes later. */
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
    // A step without an answer that changes nothing may as well not happen, and reads have happened already.
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

/** The steps that may come next: whatever had been answered before they were asked is done. */
function eligible({ done }: Place, items: readonly Item[]): number[] {
  const isOpen = (item: Item | undefined) => item !== undefined && (done & item.bit) === 0n
  const horizon = items.reduce(
    (soonest, item) => (item.isTold && isOpen(item) ? Math.min(soonest, item.span.until) : soonest),
    Number.POSITIVE_INFINITY,
  )
  const at = (place: number | undefined) => (place === undefined ? undefined : items[place])
  return items.flatMap((item, place) => {
    if (!isOpen(item) || item.span.from > horizon || isOpen(at(item.twin))) return []
    // A step without an answer may have changed nothing, so the next one does not wait for it.
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

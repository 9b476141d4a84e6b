import type { MatchKind } from '../../../../server/login/login.ts'
import { createRandom, type Random } from '../../random.ts'
import type { Answer, Call, LoginHistory, Rules } from '../history.ts'
import { type Client, clients } from './clients.ts'
import { serve } from './serve.ts'
import type { Fault, Reply, Serving, SimulatedService } from './service.ts'

export interface Simulation {
  seed: number
  rules: Rules
  match: MatchKind
  /** How many moments there are in which somebody does something. */
  moments: number
  /** The longest between two of them. */
  longestPauseMs: number
  /** How often a reply is lost, and how often the service fails. */
  losses: number
  fault?: Fault
}

/** A request on its way. */
interface UnderWay {
  client: Client | undefined
  call: Call
  serving: Serving
  reply: Reply | undefined
  fate: 'answered' | 'lost' | 'failed' | 'never came'
}

/** Lets browsers and phones at one login do what they like, in an order that the seed decides. */
export function simulate({ seed, rules, match, moments, longestPauseMs, losses, fault }: Simulation): LoginHistory {
  const random = createRandom(seed)
  const service: SimulatedService = {
    now: 0,
    login: {
      status: 'pending',
      createdAt: 0,
      expiresAt: rules.lifeMs,
      browserKeyHash: '',
      qrSecrets: [{ hash: 'qr' }],
      browser: { name: '', os: '' },
      ip: '',
    },
    sessions: new Map(),
    endedPhones: new Set(),
    match,
    rules,
    fault,
    made: 0,
  }
  const people = clients('qr')
  const calls: Call[] = []
  const underWay: UnderWay[] = []

  function begin(client: Client): void {
    const ask = client.ask(random)
    if (ask === undefined) return
    const call: Call = { ask, calledAt: service.now }
    calls.push(call)
    client.isBusy = true
    underWay.push({ client, call, serving: serve(service, ask), reply: undefined, fate: fateOf(random, losses) })
  }

  function goOn(request: UnderWay): void {
    if (request.reply === undefined && request.fate !== 'never came') work(request, random)
    else finish(request)
  }

  function finish(request: UnderWay): void {
    underWay.splice(underWay.indexOf(request), 1)
    const answer = answerOf(request, service.now)
    if (answer !== undefined) request.call.answer = answer
    if (request.client !== undefined) request.client.isBusy = false
    if (answer !== undefined && answer.status < 500) request.client?.hear(request.call.ask, answer)
  }

  for (let moment = 0; moment < moments; moment++) {
    service.now += random.next() * longestPauseMs
    // Those under way get on faster than new ones come.
    const isNew = underWay.length === 0 || random.chance(0.3)
    const client = isNew ? people.filter(({ isBusy }) => !isBusy)[random.integer(people.length)] : undefined
    const request = isNew ? undefined : underWay[random.integer(underWay.length)]
    if (client !== undefined) begin(client)
    else if (request !== undefined) goOn(request)
  }
  return { name: `seed ${seed}`, match, started: { from: 0, until: 0 }, secret: 'qr', calls }
}

function work(request: UnderWay, random: Random): void {
  const step = request.serving.next()
  if (step.done === true) request.reply = step.value
  else if (request.fate === 'lost' && random.chance(0.3)) leaveAlone(request)
}

/** The client waits no more for a reply that will be lost. The service goes on with what was asked. */
function leaveAlone(request: UnderWay): void {
  if (request.client !== undefined) request.client.isBusy = false
  request.client = undefined
}

function fateOf(random: Random, losses: number): UnderWay['fate'] {
  if (!random.chance(losses)) return 'answered'
  return random.pick(['lost', 'failed', 'never came'])
}

function answerOf({ fate, reply }: UnderWay, at: number): Answer | undefined {
  if (fate === 'failed') return { at, status: 503, code: 'store_unavailable' }
  return fate === 'answered' && reply !== undefined ? { at, ...reply } : undefined
}

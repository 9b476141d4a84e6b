import { type Connection, poll } from '../../../web/src/poll/poller.ts'
import { ApiError, ConnectionError, type ProblemCode } from '../../../web/src/wire/api-error.ts'
import type { Pacing } from '../../../web/src/wire/protocol.ts'
import { createFakeClock, settle } from './fake-clock.ts'
import { createFakeWake } from './fake-wake.ts'

export interface Reply {
  status: string
  intervalSeconds?: number
  holdSeconds?: number
}

export interface Asked {
  at: number
  seen: string
  waitSeconds: number
}

export type Server = (asked: Asked & { nth: number; timeoutMs: number; signal: AbortSignal }) => Promise<Reply>

/** A poller against a server made of one function, on a clock that the test moves. */
export function startPolling(
  serverOf: (clock: ReturnType<typeof createFakeClock>) => Server,
  pacing: Pacing = { intervalSeconds: 2, holdSeconds: 2 },
  { seen = 'pending' } = {},
) {
  const clock = createFakeClock()
  const [wake, urgent] = [createFakeWake(), createFakeWake()]
  const controller = new AbortController()
  const server = serverOf(clock)
  const asked: Asked[] = []
  const replies: string[] = []
  const connections: Connection[] = []
  let open = 0
  let mostOpen = 0
  let end: { readonly refused: ApiError | undefined } | undefined

  const done = poll<Reply>({
    ask: async ({ seen, waitSeconds, timeoutMs, signal }) => {
      const request = { at: clock.now(), seen, waitSeconds }
      asked.push(request)
      open += 1
      mostOpen = Math.max(mostOpen, open)
      try {
        return await server({ ...request, nth: asked.length, timeoutMs, signal })
      } finally {
        open -= 1
      }
    },
    isFinal: ({ status }) => status === 'denied' || status === 'authenticated',
    onReply: ({ status }) => replies.push(status),
    onConnection: (connection) => connections.push(connection),
    seen,
    pacing,
    clock,
    random: () => 0,
    wake,
    urgent,
    signal: controller.signal,
  }).then((refused) => {
    end = { refused }
  })

  return {
    clock,
    wake,
    urgent,
    asked,
    replies,
    connections,
    times: () => asked.map(({ at }) => at),
    waits: () => asked.map(({ waitSeconds }) => waitSeconds),
    mostOpen: () => mostOpen,
    end: () => end,
    abort: async () => {
      controller.abort()
      await settle()
    },
    done,
  }
}

/** Holds as long as it is asked to, as a server does to which nothing happens. */
export const holding =
  (status = 'pending') =>
  (clock: ReturnType<typeof createFakeClock>): Server =>
  async ({ waitSeconds, signal }) => {
    await clock.sleep(waitSeconds * 1000, signal)
    if (signal.aborted) throw new ConnectionError('aborted')
    return { status }
  }

/** Answers nothing, and says nothing of it. */
export const vanishing =
  (clock: ReturnType<typeof createFakeClock>): Server =>
  async ({ timeoutMs, signal }) => {
    await clock.sleep(timeoutMs, signal)
    throw dropped()
  }

/** A line on which all that is asked takes so much longer, until it is cut. */
export const late =
  (lateMs: number) =>
  (clock: ReturnType<typeof createFakeClock>): Server =>
  async ({ waitSeconds, timeoutMs, signal }) => {
    const tookMs = waitSeconds * 1000 + lateMs
    await clock.sleep(Math.min(tookMs, timeoutMs), signal)
    if (signal.aborted || tookMs > timeoutMs) throw dropped()
    return { status: 'pending' }
  }

export const refusal = (status: number, code: ProblemCode | 'unrecognised', retryAfterSeconds?: number): ApiError =>
  new ApiError({ status, code, retryAfterSeconds, triesLeft: undefined })

export const dropped = (): ConnectionError => new ConnectionError('dropped')

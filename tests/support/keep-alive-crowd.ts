import { Agent, request } from 'node:http'
import { PATIENCE_MS } from './patience.ts'

export interface Crowd {
  /** Requests that were answered well so far. */
  answered(): number
  /** What went wrong: a status that is none of the good ones, or a connection that ended under a request. */
  failures(): string[]
  /** Lets each finish what it is at. */
  stop(): Promise<void>
}

/** Between two requests of one client: each of its connections rests, as a browser's do. */
const PAUSE_MS = 40
const POLLS_A_LOGIN = 4

/**
 * Clients that keep their connections: each starts a login, polls it a few times, some of them held, and starts another.
 * A connection that is refused goes to the next origin, since nothing was sent; nothing else is ever tried again.
 */
export function startCrowd(origins: readonly string[], size: number): Crowd {
  const failures: string[] = []
  let answered = 0
  let isOver = false

  async function live(number: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = askerOf(agent, origins, number)
    while (!isOver) {
      const token = await step('POST', '/login', '')
      for (let poll = 0; poll < POLLS_A_LOGIN && token !== undefined && !isOver; poll++) {
        await step('GET', `/login/status/${token}?seen=pending&wait=${poll % 2}`, token)
      }
    }
    agent.destroy()

    async function step(method: string, path: string, token: string): Promise<string | undefined> {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      try {
        const { status, text } = await ask(method, path)
        if (status >= 400) throw new Error(`${status} ${text}`)
        answered++
        return method === 'POST' ? JSON.parse(text).token : token
      } catch (error) {
        failures.push(`${method} ${path.split('/').slice(0, 3).join('/')}: ${error}`)
        return undefined
      }
    }
  }

  const lives = Array.from({ length: size }, (_, number) => live(number))
  return {
    answered: () => answered,
    failures: () => failures,
    async stop() {
      isOver = true
      await Promise.all(lives)
    },
  }
}

interface Answer {
  status: number
  text: string
}

function askerOf(agent: Agent, origins: readonly string[], number: number) {
  let place = number
  return async (method: string, path: string): Promise<Answer> => {
    for (let refused = 0; ; refused++) {
      try {
        return await askOnce(agent, `${origins[place % origins.length]}${path}`, method)
      } catch (error) {
        if (!String(error).includes('ECONNREFUSED') || refused === origins.length) throw error
        place++
      }
    }
  }
}

function askOnce(agent: Agent, url: string, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
    })
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error('no reply in time')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

import { setImmediate as turnsEnd } from 'node:timers/promises'
import { Cluster, Command, type Redis } from 'ioredis'
import type { BreakerFor } from './redis-breakers.ts'
import type { RedisClient } from './redis-clients.ts'

/** What is at a key. */
export type ReadText = (key: string) => Promise<string | null>

/** Makes all that is sent in this turn of the event loop leave in one piece, for each server. */
export type Cork = () => void

/** Does without ioredis's own pipelines: they wait for one another, and in a Cluster share their errors. */
export function createCork(client: RedisClient): Cork {
  let isCorked = false
  return () => {
    if (isCorked) return
    isCorked = true
    const servers = client instanceof Cluster ? client.nodes('master') : [client]
    const streams = servers.map(({ stream }) => stream).filter((stream) => stream !== undefined)
    for (const stream of streams) stream.cork()
    setImmediate(() => {
      isCorked = false
      for (const stream of streams) stream.uncork()
    })
  }
}

/** In a Cluster each key is asked for where it is; those of one turn leave together. */
export function readOneByOne(client: Cluster, breakerFor: BreakerFor, cork: Cork): ReadText {
  return (key) => {
    cork()
    return breakerFor(key).ask(() => client.get(key))
  }
}

interface Turn {
  keys: string[]
  /** What is at those keys, in their order. */
  texts: Promise<(string | null)[]>
}

/**
 * Gathers the reads of one turn of the event loop into one `MGET`: what makes thousands of polls a second cheap.
 * Redis answers a hundred keys in the time of a few commands, and the replies of a turn leave together.
 */
export function readsOfOneTurn(client: Redis, breakerFor: BreakerFor): ReadText {
  let turn: Turn | undefined

  function begin(first: string): Turn {
    const keys: string[] = []
    const texts = turnsEnd().then(() => {
      turn = undefined
      return breakerFor(first).ask(() => readAll(client, keys))
    })
    return { keys, texts }
  }

  return (key) => {
    turn ??= begin(key)
    const at = turn.keys.push(key) - 1
    return turn.texts.then((texts) => {
      const text = texts[at] ?? null
      // Taken out, as the list outlives its turn (`readAll`).
      texts[at] = null
      return text
    })
  }
}

/**
 * `MGET` by a command that is emptied afterwards. ioredis's own, and the list that answers it, stay reachable until the
 * next collection but one, which would move all keys and texts since the last into the old generation.
 */
async function readAll(client: Redis, keys: string[]): Promise<(string | null)[]> {
  const command = new Command('mget', keys, { replyEncoding: 'utf8' })
  try {
    return (await client.sendCommand(command)) as (string | null)[]
  } finally {
    command.args = []
  }
}

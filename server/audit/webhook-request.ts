import { createHmac } from 'node:crypto'
import { reasonOf } from '../http/fetch-reason.ts'

/** A message as Standard Webhooks has it (standardwebhooks.com): the same id and body however often it is tried. */
export interface WebhookMessage {
  id: string
  body: string
}

export interface WebhookTarget {
  url: string
  /** `whsec_` and base64, each. More than one while they are changed: a message is signed by all. */
  secrets: readonly string[]
}

/** What came of a try. `gone`: the other side wants no more of them (410). */
export type Answer = { kind: 'taken' } | { kind: 'gone' | 'failed'; why: string }

const PATIENCE_MS = 10_000

/**
 * Tries to hand a message over, once. No redirect is followed: it would lead the events where nobody has sent them. What is
 * answered beside the status is not read. Never rejects.
 * @param now epoch milliseconds
 */
export async function postWebhook(
  { url, secrets }: WebhookTarget,
  { id, body }: WebhookMessage,
  now: number,
  cut: AbortSignal,
): Promise<Answer> {
  const timestamp = String(Math.floor(now / 1000))
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'ScanIn',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => signature(secret, `${id}.${timestamp}.${body}`)).join(' '),
  }
  // Not `AbortSignal.any`: on Node 20, `cut`, which lives as long as the process, would keep something of each call.
  const patience = new AbortController()
  const giveUp = () => patience.abort(cut.reason)
  if (cut.aborted) giveUp()
  cut.addEventListener('abort', giveUp)
  const timer = setTimeout(() => patience.abort(timedOut()), PATIENCE_MS)
  try {
    const reply = await fetch(url, { method: 'POST', redirect: 'manual', headers, body, signal: patience.signal })
    await reply.body?.cancel()
    if (reply.ok) return { kind: 'taken' }
    return { kind: reply.status === 410 ? 'gone' : 'failed', why: `it answers ${reply.status}` }
  } catch (error) {
    return { kind: 'failed', why: reasonOf(error) }
  } finally {
    clearTimeout(timer)
    cut.removeEventListener('abort', giveUp)
  }
}

const timedOut = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')

function signature(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`
}

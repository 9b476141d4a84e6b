import type { Audit } from './audit/audit.ts'
import type { Webhooks } from './audit/webhooks.ts'
import { labelled, type Metrics } from './http/metrics.ts'
import type { ReplyTally } from './http/reply-tally.ts'
import type { Holds } from './login/hold/holds.ts'
import type { QueueTally } from './queues.ts'

export interface ShownNumbers {
  replies: ReplyTally
  audit: Pick<Audit, 'events' | 'steps'>
  holds: Pick<Holds, 'tallies'>
  /** Lines that people stand in, by name. */
  queues: Record<string, QueueTally>
  webhooks: Pick<Webhooks, 'counts' | 'waiting'> | undefined
}

/** Shows what the app's rooms count. docs/operations.md explains each. */
export function showNumbers(metrics: Metrics, { replies, audit, holds, queues, webhooks }: ShownNumbers): void {
  const { counter, gauge, histogram } = metrics

  counter({
    name: 'scanin_http_replies_total',
    help: 'Replies by route and status',
    labels: ['method', 'route', 'status'],
    read: replies.replies,
  })
  histogram({
    name: 'scanin_http_reply_seconds',
    help: 'Time to the end of the reply; held polls include their hold',
    labels: ['route'],
    read: () => labelled(replies.timings),
  })
  counter({
    name: 'scanin_refusals_total',
    help: 'Requests that were refused, by the code of the problem',
    labels: ['code'],
    read: () => labelled(Object.entries(replies.refusals)),
  })
  counter({
    name: 'scanin_logins_total',
    help: 'Logins by the steps that they took',
    labels: ['step'],
    read: () => labelled(Object.entries(audit.steps)),
  })
  counter({
    name: 'scanin_audit_events_total',
    help: 'Audit lines by what they are about',
    labels: ['event'],
    read: () => labelled(Object.entries(audit.events)),
  })

  const ofPolls = Object.entries(holds.tallies)
  counter({
    name: 'scanin_polls_total',
    help: 'Polls of a login, by who asks',
    labels: ['client'],
    read: () => labelled(ofPolls.map(([client, { polls }]) => [client, polls])),
  })
  counter({
    name: 'scanin_held_polls_total',
    help: 'Polls that were held, by who asks',
    labels: ['client'],
    read: () => labelled(ofPolls.map(([client, { held }]) => [client, held])),
  })
  gauge({
    name: 'scanin_waiters',
    help: 'Polls that are held at this moment, by who asks',
    labels: ['client'],
    read: () => labelled(ofPolls.map(([client, { waiting }]) => [client, waiting])),
  })

  const ofQueues = Object.entries(queues)
  gauge({
    name: 'scanin_queue_waiting',
    help: 'Requests that wait for their turn, by what for',
    labels: ['queue'],
    read: () => labelled(ofQueues.map(([queue, { waiting }]) => [queue, waiting])),
  })
  gauge({
    name: 'scanin_queue_running',
    help: 'Requests whose turn it is, by what for',
    labels: ['queue'],
    read: () => labelled(ofQueues.map(([queue, { running }]) => [queue, running])),
  })

  if (webhooks !== undefined) showWebhooks(metrics, webhooks)
}

function showWebhooks({ counter, gauge }: Metrics, { counts, waiting }: Pick<Webhooks, 'counts' | 'waiting'>): void {
  counter({
    name: 'scanin_webhooks_total',
    help: 'Webhooks that were delivered, and that were dropped',
    labels: ['result'],
    read: () =>
      labelled([
        ['delivered', counts.delivered],
        ['dropped', counts.dropped],
      ]),
  })
  counter({
    name: 'scanin_webhook_failed_tries_total',
    help: 'Tries at a webhook that were not answered 2xx in time',
    labels: [],
    read: () => [[[], counts.failedTries]],
  })
  gauge({
    name: 'scanin_webhooks_waiting',
    help: 'Webhooks that are to be delivered still',
    labels: [],
    read: () => [[[], waiting()]],
  })
}

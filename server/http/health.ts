import Type from 'typebox'
import { ScanInError } from '../errors.ts'
import { problemReplies } from './schemas.ts'
import type { TypedApp } from './typed-app.ts'

const okReply = Type.Object({ status: Type.Literal('ok') })
const tags = ['operators']

export interface HealthOptions {
  probeStore: () => Promise<void>
  /** Whether the process has been told to end. */
  isStopping: () => boolean
}

/** Whether to restart the process (`/healthz`), and whether to send it requests (`/readyz`). */
export function healthRoutes(app: TypedApp, { probeStore, isStopping }: HealthOptions): void {
  app.get('/healthz', { schema: { tags, summary: 'The process lives', response: { 200: okReply } } }, async () => ({
    status: 'ok' as const,
  }))
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'The store takes a write and tells of a change',
        response: { 200: okReply, ...problemReplies },
      },
    },
    async () => {
      if (isStopping()) throw new ScanInError('stopping')
      await probeStore()
      return { status: 'ok' as const }
    },
  )
}

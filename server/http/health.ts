import Type from 'typebox'
import { problemReplies } from './schemas.ts'
import type { TypedApp } from './typed-app.ts'

const okReply = Type.Object({ status: Type.Literal('ok') })
const tags = ['operators']

/** Whether to restart the process (`/healthz`), and whether to send it requests (`/readyz`). */
export function healthRoutes(app: TypedApp, { probeStore }: { probeStore: () => Promise<void> }): void {
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
      await probeStore()
      return { status: 'ok' as const }
    },
  )
}

import Type from 'typebox'
import { problemReplies } from './schemas.ts'
import type { TypedApp } from './typed-app.ts'

const okReply = Type.Object({ status: Type.Literal('ok') })
const tags = ['operators']

/** Whether to restart the process (`/healthz`), and whether to send it requests (`/readyz`). */
export function healthRoutes(app: TypedApp, { ping }: { ping: () => Promise<void> }): void {
  app.get('/healthz', { schema: { tags, summary: 'The process lives', response: { 200: okReply } } }, async () => ({
    status: 'ok' as const,
  }))
  app.get(
    '/readyz',
    { schema: { tags, summary: 'The store answers', response: { 200: okReply, ...problemReplies } } },
    async () => {
      await ping()
      return { status: 'ok' as const }
    },
  )
}

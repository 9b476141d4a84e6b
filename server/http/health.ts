import Type from 'typebox'
import { ScanInError } from '../errors.ts'
import type { TypedApp } from './typed-app.ts'

const okReply = Type.Object({ status: Type.Literal('ok') }, { title: 'Well' })
const tags = ['operators']
const security: [] = []

interface HealthOptions {
  probeStore: () => Promise<void>
  /** Whether the process has been told to end. */
  isStopping: () => boolean
}

/** Whether to restart the process (`/healthz`), and whether to send it requests (`/readyz`). */
export function healthRoutes(app: TypedApp, { probeStore, isStopping }: HealthOptions): void {
  app.get(
    '/healthz',
    {
      exposeHeadRoute: true,
      config: { step: 'never_refused' },
      schema: {
        operationId: 'isAlive',
        tags,
        security,
        summary: 'The process lives',
        problems: [],
        response: { 200: okReply },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      exposeHeadRoute: true,
      config: { step: 'never_refused' },
      schema: {
        operationId: 'isReady',
        tags,
        security,
        summary: 'The store takes a write and tells of a change',
        problems: ['stopping', 'store_unavailable'],
        response: { 200: okReply },
      },
    },
    async () => {
      if (isStopping()) throw new ScanInError('stopping')
      await probeStore()
      return { status: 'ok' as const }
    },
  )
}

import type { LoginNews } from '../login/login-news.ts'

/** The steps of a login's way, and its ends. Each login takes each of them once at the most. */
export const LOGIN_STEPS = [
  'created',
  'scanned',
  'confirmed',
  'matched',
  'collected',
  'denied',
  'cancelled',
  'expired',
] as const

export type LoginStep = (typeof LOGIN_STEPS)[number]

/** Which step a login has taken. `collected` is told by its session. `undefined`: none. */
export function stepOf({ type, before, after, isUncertain }: LoginNews): LoginStep | undefined {
  if (isUncertain) return undefined
  switch (type) {
    case 'create':
      return 'created'
    case 'scan':
      return before?.status === 'pending' ? 'scanned' : undefined
    case 'confirm':
      return before?.status === 'scanned' ? 'confirmed' : undefined
    case 'match':
      return after?.status === 'authenticated' ? 'matched' : ended(after?.status)
    case 'deny':
      return ended(after?.status)
    case 'remove':
      return 'cancelled'
    case 'expire':
      return 'expired'
    case 'rotate':
    case 'collect':
    case 'give':
    case 'acknowledge':
      return undefined
    default:
      return type satisfies never
  }
}

function ended(status: string | undefined): LoginStep | undefined {
  return status === 'denied' ? 'denied' : undefined
}

import { urlOf } from '../wire/url-of.ts'

type Address = Pick<Location, 'origin' | 'pathname' | 'search' | 'hash'>

export interface RightAddress {
  /** As people know it. */
  readonly host: string
  readonly page: string
}

/**
 * The opened page at the address that the service is at; `undefined` if it is there already.
 * @param publicUrl from the service's configuration: the address that it was asked at plays no part
 */
export function rightAddress(publicUrl: string, here: Address): RightAddress | undefined {
  const right = urlOf(publicUrl)
  if (right === undefined || !/^https?:$/.test(right.protocol) || right.origin === here.origin) return undefined
  const { origin, host } = right
  return { host, page: origin + here.pathname + here.search + here.hash }
}

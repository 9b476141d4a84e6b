// Sentences that are put together, in the page's language. Nothing here repeats what somebody typed.
import { browser } from '#messages/browser'
import type { Application } from '../wire/protocol.ts'
import { urlOf } from '../wire/url-of.ts'

/** A browser and its system, as people would say them. */
export const browserWords = ({ name, os }: { name: string; os: string }): string =>
  name !== '' && os !== '' ? browser.onSystem({ name, os }) : name || os || browser.unknown

/** A host name as people know it out of an address; what is none stays as it is. */
export const hostOf = (origin: string): string => urlOf(origin)?.host ?? origin

/** An application, and where it is unless its name says so. */
export function applicationWords({ name, origin }: Pick<Application, 'name' | 'origin'>): {
  name: string
  place: string
} {
  const place = origin === undefined ? '' : hostOf(origin)
  return { name, place: place === name ? '' : place }
}

/** A heading and what there is to say under it. */
export interface TitledWords {
  readonly title: string
  readonly more: string
  /** Somebody else may have begun it: what came of that for them. What to do next is said too. */
  readonly stranger?: 'kept_out' | 'may_be_in' | 'in'
}

/** Address, and place where it is known. */
export const whereWords = ({ ip, place }: { ip: string; place: string | undefined }): string =>
  place === undefined ? ip : `${ip} · ${place}`

/** In a text as `fill` does in a part: by the signs that are there for it (isolates, Unicode UAX #9). */
export const setApart = (value: string): string => `\u2068${value}\u2069`

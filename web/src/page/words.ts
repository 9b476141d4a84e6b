// Sentences that are put together, in the page's language. Nothing here repeats what somebody typed.
import { browser } from '#messages/browser'
import type { Application } from '../wire/protocol.ts'
import { urlOf } from '../wire/url-of.ts'

/** A browser and its system, as people would say them. */
export const browserWords = ({ name, os }: { name: string; os: string }): string =>
  name !== '' && os !== '' ? browser.onSystem({ name, os }) : name || os || browser.unknown

/** The host of an address; a text that is no address stays as it is. */
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
  /** Set if a stranger may have begun the login: how far that got them. The page then also says what to do next. */
  readonly stranger?: 'kept_out' | 'may_be_in' | 'in'
}

/** Address, and place where it is known. */
export const whereWords = ({ ip, place }: { ip: string; place: string | undefined }): string =>
  place === undefined ? ip : `${ip} · ${place}`

/** Isolates a value within a text, as `fill` does in a part, by the signs that Unicode has for that (UAX #9). */
export const setApart = (value: string): string => `\u2068${value}\u2069`

import type { FastifyRequest } from 'fastify'
import { withoutBlanks } from './blanks.ts'
import { readCookie } from './cookies.ts'
import type { SiteFile } from './site-files.ts'

/** What there is for people in one language. */
export interface Site {
  /** Pages by their names. */
  pages: ReadonlyMap<string, SiteFile>
  /** What the server puts into pages. */
  words: ServerWords
}

export interface ServerWords {
  oauth: Readonly<Record<string, TitledWords>>
  application: { unnamed: string }
  provider: Readonly<Record<string, TitledWords>>
}

export interface TitledWords {
  title: string
  more: string
}

/** A page, which every build has in every language. */
export function pageOf({ pages }: Site, name: string): SiteFile {
  const page = pages.get(name)
  if (page === undefined) throw new Error(`The build has left no ${name}`)
  return page
}

/** In the reader's language, where there is one. */
export type SiteFor = (request: FastifyRequest) => Site

/** Set by the page when somebody picks a language, and no secret. Over https no neighbour can plant it. */
const COOKIE = 'scanin_language'
const COOKIE_OVER_HTTPS = `__Host-${COOKIE}`
const DEFAULT = 'en'

/** Of all languages. */
export interface Sites {
  all: readonly Site[]
  siteFor: SiteFor
}

type Change = (pages: ReadonlyMap<string, SiteFile>) => ReadonlyMap<string, SiteFile>

/**
 * The pages of all languages that there are, by their first subtags, changed.
 * @param isOverHttps whether a cookie that any plain-http page may have set counts for nothing
 * @throws Error without those in English
 */
export function createSites(built: ReadonlyMap<string, Site>, isOverHttps: boolean, change: Change): Sites {
  const sites = new Map([...built].map(([language, { pages, words }]) => [language, { pages: change(pages), words }]))
  const usual = sites.get(DEFAULT)
  if (usual === undefined) throw new Error('The build has left no pages')
  const siteFor: SiteFor = ({ headers }) => {
    const picked =
      readCookie(headers.cookie, COOKIE_OVER_HTTPS) ?? (isOverHttps ? undefined : readCookie(headers.cookie, COOKIE))
    return sites.get(primary(picked ?? '')) ?? firstOf(headers['accept-language'], sites) ?? usual
  }
  return { all: [...sites.values()], siteFor }
}

/**
 * The best of what is accepted (RFC 9110 §12.5.4). There is one form of each language, and whoever reads another of it is
 * better served by that than by their next: so ranges count by their first subtag.
 */
function firstOf(accepted: string | undefined, sites: ReadonlyMap<string, Site>): Site | undefined {
  let best: Site | undefined
  let most = 0
  for (const item of accepted?.split(',') ?? []) {
    const [range = '', ...parameters] = item.split(';')
    const site = sites.get(primary(range))
    const weight = weightOf(parameters)
    if (site === undefined || !(weight > most)) continue
    best = site
    most = weight
  }
  return best
}

function weightOf(parameters: readonly string[]): number {
  const weight = parameters.map((parameter) => /^q=([\d.]+)$/i.exec(withoutBlanks(parameter))?.[1]).find(Boolean)
  return weight === undefined ? 1 : Number(weight)
}

/** The first subtag of a language's name, and what browsers of old call some languages. */
export function primary(name: string): string {
  const subtag = withoutBlanks(name).split('-', 1)[0]?.toLowerCase() ?? ''
  return OLD_NAMES[subtag] ?? subtag
}

const OLD_NAMES: Readonly<Record<string, string>> = { iw: 'he' }

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BuiltWeb } from './built-web.ts'
import { pageOf, type SiteFor } from './languages.ts'
import { escapeHtml } from './page-slots.ts'
import { asOfAnyHost, type HeaderSets } from './security-headers.ts'
import { type SiteFile, varyBy } from './site-files.ts'

/** Sends a page of ours on a host that is not ours. @param name of its file */
export type SendElsewhere = (request: FastifyRequest, reply: FastifyReply, name: string) => FastifyReply

interface PagesElsewhereOptions {
  web: Pick<BuiltWeb, 'assets' | 'assetNames'>
  moreAssets: ReadonlyMap<string, SiteFile>
  siteFor: SiteFor
  headers: HeaderSets
  publicUrl: string
}

/** Below these a proxy asks for, or shows, what belongs to an application's host. */
export function isElsewhere(url: string): boolean {
  return url.startsWith('/.scanin/') || /^\/auth\/forward(\?|$)/.test(url)
}

const SHEET = /<link rel="stylesheet" href="([^"]+)">\n?/g
const SIGN = /(<img class="brand-logo" src=")(\/[^"]+)"/
const ICON = /<link rel="icon" href="\/[^"]+"[^>]*>\n?/
/** Scripts, and links that load more. The content of `noscript` stays, and is then for everybody. */
const SCRIPTS =
  /<script\b[^>]*>.*?<\/script>\n?|<link rel="modulepreload"[^>]*>\n?|<noscript><link[^>]*><\/noscript>\n?|<\/?noscript>/gs
const OURS = /(class="brand" href=")\/"|(href=")\/home"/g

/**
 * A page cannot load anything of ours on an application's host: its proxy asks about all that is not below `/.scanin/`,
 * or the application answers it. So such a page brings its styles and its sign along, runs nothing, and names our host
 * where it links to a page of ours: there, `/` is the application.
 */
export function createPagesElsewhere(options: PagesElsewhereOptions): SendElsewhere {
  const { web, moreAssets, siteFor, headers, publicUrl } = options
  // Read at the start: such a page says that something is wrong, which may be that the build's files are gone.
  const sheets = new Map(
    [...web.assetNames]
      .filter((name) => name.endsWith('.css'))
      .map((name) => [name, readFileSync(join(web.assets, name), 'utf8')]),
  )

  const sheetAt = (url: string) => moreAssets.get(url)?.plain.body.toString() ?? sheets.get(basename(url)) ?? ''

  function signAt(url: string): string {
    const sign = moreAssets.get(url)
    return sign === undefined ? '' : `data:${sign.type};base64,${sign.plain.body.toString('base64')}`
  }

  return (request, reply, name) => {
    const styles: string[] = []
    const body = pageOf(siteFor(request), name)
      .plain.body.toString()
      .replace(SCRIPTS, '')
      .replace(ICON, '')
      .replace(SIGN, (_tag, before: string, url: string) => `${before}${escapeHtml(signAt(url))}"`)
      .replace(OURS, (_tag, brand: string | undefined, link: string | undefined) =>
        brand === undefined ? `${link}${escapeHtml(publicUrl)}/home"` : `${brand}${escapeHtml(publicUrl)}/"`,
      )
      .replace(SHEET, (_tag, url: string) => {
        styles.push(sheetAt(url))
        return `<style>${sheetAt(url)}</style>\n`
      })
    asOfAnyHost(reply.headers({ ...headers.pageAsReply, 'content-security-policy': policyOf(styles) }), headers)
    return varyBy(reply, 'accept-language').type('text/html; charset=utf-8').send(body)
  }
}

/** These very styles, pictures that are in the page, and nothing else. */
function policyOf(styles: readonly string[]): string {
  const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  return `default-src 'none'; img-src data:; style-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

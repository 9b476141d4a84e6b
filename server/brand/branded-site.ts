import { createHash } from 'node:crypto'
import { escapeHtml } from '../http/page-slots.ts'
import { changedFile, makeSiteFile, type SiteFile } from '../http/site-files.ts'
import { type Brand, OWN_NAME } from './brand.ts'
import { hexOf } from './colour.ts'
import type { Logo } from './logo.ts'
import { brandedManifest } from './manifest.ts'
import { type Palette, sheetOf } from './palette.ts'

export interface Branding {
  /** @returns pages and what stands beside them, by their names, as the team's own */
  of(files: ReadonlyMap<string, SiteFile>): ReadonlyMap<string, SiteFile>
  /** What pages load beyond what the build has left, by address. An address is of these very bytes. */
  assets: ReadonlyMap<string, SiteFile>
}

/** An address, and what to know of what is there. */
interface Placed {
  url: string
  file: SiteFile
}

/** In the pages, `ScanIn` is the name, and nothing else: in every language, wherever it stands in a sentence. */
const NAME = new RegExp(`\\b${OWN_NAME}\\b`, 'g')
const LOGO = /(<img class="brand-logo" src=")[^"]*(" alt=""[^>]*?) width="32" height="32"/g
const ICON = /<link rel="icon"[^>]*>/
const TOUCH_ICON = /<link rel="apple-touch-icon"[^>]*>\n?/
const FOOT = '<footer id="foot" class="foot" hidden>'
/** The sign of ours, where it stands in a page, and its two colours. */
const SIGN_FILL = /%230b6b5d/g
const SIGN_LINE = /%239be3d2/g
const SIGN_LINE_COLOUR = '%23ffffff'
const LOGO_HEIGHT = 32
const MOST_LOGO_WIDTH = 160

/**
 * Makes the pages a team's own, once, at the start: without a brand they stay as the build has left and compressed
 * them. What is put in is escaped, and is of the configuration alone, so that compressing it gives nothing away.
 */
export function createBranding(brand: Brand, logo: Logo | undefined): Branding {
  const sheet = brand.palette && placed('brand', 'css', 'text/css; charset=utf-8', Buffer.from(sheetOf(brand.palette)))
  const sign = logo && placed('logo', logo.ending, logo.type, logo.body)
  const parts: Parts = { brand, sheet: sheet?.url, sign: sign && logo && { url: sign.url, logo } }
  const assets = [sheet, sign].filter((asset) => asset !== undefined)
  return {
    of: (files) =>
      isPlain(parts) ? files : new Map([...files].map(([name, file]) => [name, brandedFile(name, file, parts)])),
    assets: new Map(assets.map(({ url, file }) => [url, file])),
  }
}

interface Parts {
  brand: Brand
  sheet: string | undefined
  sign: { url: string; logo: Logo } | undefined
}

const isPlain = ({ brand, sheet, sign }: Parts): boolean =>
  brand.name === OWN_NAME && [sheet, sign, brand.helpUrl, brand.privacyUrl].every((part) => part === undefined)

function brandedFile(name: string, file: SiteFile, parts: Parts): SiteFile {
  if (name.endsWith('.html')) return changedFile(file, (text) => brandedPage(text, parts))
  if (name.endsWith('.webmanifest')) return changedFile(file, (text) => brandedManifest(text, parts))
  return file
}

function brandedPage(html: string, { brand, sheet, sign }: Parts): string {
  let page = html.replace(NAME, () => escaped(brand.name))
  if (sign !== undefined) page = withSign(page, sign)
  else if (brand.palette !== undefined) page = inColours(page, brand.palette)
  if (sheet !== undefined) page = page.replace('</head>', () => `<link rel="stylesheet" href="${sheet}">\n</head>`)
  page = withLink(page, 'foot-help', brand.helpUrl)
  return withLink(page, 'foot-privacy', brand.privacyUrl)
}

function withSign(page: string, { url, logo }: { url: string; logo: Logo }): string {
  const [width, height] = sizeOf(logo)
  const touchIcon = logo.ending === 'png' ? `<link rel="apple-touch-icon" href="${url}">\n` : ''
  return page
    .replace(
      LOGO,
      (_tag, before: string, after: string) => `${before}${url}${after} width="${width}" height="${height}"`,
    )
    .replace(ICON, () => `<link rel="icon" href="${url}" type="${logo.type}">`)
    .replace(TOUCH_ICON, () => touchIcon)
}

/** The logo's size in a page's heading. */
function sizeOf({ width, height }: Logo): [width: number, height: number] {
  const scale = Math.min(LOGO_HEIGHT / height, MOST_LOGO_WIDTH / width)
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
}

const inColours = (page: string, { light }: Palette): string =>
  page.replace(SIGN_FILL, () => hexOf(light.accent).replace('#', '%23')).replace(SIGN_LINE, () => SIGN_LINE_COLOUR)

/** Shows a link at the foot of a page. The words are the page's own, in its language. */
function withLink(page: string, name: string, url: string | undefined): string {
  if (url === undefined) return page
  return page
    .replace(FOOT, FOOT.replace(' hidden', ''))
    .replace(new RegExp(`(<a class="${name}" href=")[^"]*("[^>]*?) hidden>`), (_tag, before: string, after: string) => {
      return `${before}${escaped(url)}${after}>`
    })
}

function placed(name: string, ending: string, type: string, body: Buffer): Placed {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 8)
  return { url: `/assets/${name}-${hash}.${ending}`, file: makeSiteFile(type, body) }
}

/** Braces too, because some pages have slots that are filled in later. */
const escaped = (text: string): string =>
  escapeHtml(text).replace(/[{}]/g, (character) => `&#${character.charCodeAt(0)};`)

import { readFileSync } from 'node:fs'
import { codeInBrackets } from '../errors.ts'
import { ListFileError } from '../files/list-file.ts'

export interface Logo {
  body: Buffer
  ending: 'svg' | 'png'
  type: 'image/svg+xml' | 'image/png'
  /** In its own pixels; of a drawing the proportions count alone. */
  width: number
  height: number
}

/** Browsers load it with every first page. */
const MOST_BYTES = 65_536
const PNG_SIGNATURE = '89504e470d0a1a0a'
/** Length and type of the header chunk come first (PNG, third edition, §11.2.1). */
const PNG_WIDTH_AT = 16
const PNG_HEIGHT_AT = 20
/** After a prolog, comments and a document type. */
const SVG_START =
  /^\ufeff?(?:\s|<\?[^>]*\?>|<!--(?:(?!-->)[\s\S])*-->|<!DOCTYPE[^>[]*(?:\[[^\]]*\]\s*)?>)*(<svg\b[^>]*>)/i

/**
 * Reads a logo once, at the start.
 * @throws ListFileError: it cannot be read, is too large, or is neither SVG nor PNG
 */
export function readLogo(path: string): Logo {
  let body: Buffer
  try {
    body = readFileSync(path)
  } catch (cause) {
    throw new ListFileError(`BRAND_LOGO cannot be read${codeInBrackets(cause)}`)
  }
  if (body.length > MOST_BYTES) throw bad(`has ${body.length} bytes, and may have ${MOST_BYTES}`)
  const logo = pngOf(body) ?? svgOf(body)
  if (logo === undefined) throw bad('has to be an SVG or a PNG file')
  return logo
}

function pngOf(body: Buffer): Logo | undefined {
  if (body.length < 24 || body.toString('hex', 0, 8) !== PNG_SIGNATURE) return undefined
  const [width, height] = [body.readUInt32BE(PNG_WIDTH_AT), body.readUInt32BE(PNG_HEIGHT_AT)]
  return width > 0 && height > 0 ? { body, ending: 'png', type: 'image/png', width, height } : undefined
}

function svgOf(body: Buffer): Logo | undefined {
  const [, tag] = SVG_START.exec(body.toString('utf8')) ?? []
  return tag === undefined ? undefined : { body, ending: 'svg', type: 'image/svg+xml', ...proportionsOf(tag) }
}

/** A drawing that says nothing of its proportions is taken for a square. */
function proportionsOf(tag: string): { width: number; height: number } {
  const [, width, height] = /\sviewBox\s*=\s*["']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)/.exec(tag) ?? []
  const size = { width: Number(width), height: Number(height) }
  return size.width > 0 && size.height > 0 ? size : { width: 1, height: 1 }
}

const bad = (why: string) => new ListFileError(`BRAND_LOGO ${why}`)

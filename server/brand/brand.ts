import type { EnvironmentReader } from '../config/environment.ts'
import { isName } from '../identity/names.ts'
import { type Palette, paletteOf } from './palette.ts'

/** A team's own name, sign and colour, and where it helps its people. */
export interface Brand {
  name: string
  palette: Palette | undefined
  /** A file: see `readLogo`. */
  logoPath: string | undefined
  helpUrl: string | undefined
  privacyUrl: string | undefined
}

export const OWN_NAME = 'ScanIn'
/** It has to fit beside a logo at 320 px, and under an icon. */
const LONGEST_NAME = 40

/** Reads what a team calls itself and looks like. What is bad the reader notes; the logo's file is not looked at. */
export function readBrand(reader: EnvironmentReader): Brand {
  return {
    name: reader.explained('BRAND_NAME', parseName)?.name ?? OWN_NAME,
    palette: reader.explained('BRAND_COLOR', paletteOf),
    logoPath: reader.text('BRAND_LOGO'),
    helpUrl: reader.url('HELP_URL'),
    privacyUrl: reader.url('PRIVACY_URL'),
  }
}

function parseName(name: string): { name: string } | string {
  if (name.length > LONGEST_NAME) return `has to be at most ${LONGEST_NAME} characters long`
  return isName(name) ? { name } : 'has characters that cannot be seen, or white space at its ends'
}

import type { Brand } from './brand.ts'
import { hexOf } from './colour.ts'
import type { Logo } from './logo.ts'

/** What systems take for an icon of an application: smaller ones are a blur there. */
const LEAST_ICON = 192
/** Under an icon there is no room for more (W3C Manifest, `short_name`). */
const LONGEST_SHORT_NAME = 12

interface Parts {
  brand: Brand
  sign: { url: string; logo: Logo } | undefined
}

/** The web app manifest of a brand, out of the one that the build has left. */
export function brandedManifest(text: string, { brand, sign }: Parts): string {
  const manifest: Record<string, unknown> = JSON.parse(text)
  const icon = sign && iconOf(sign)
  const shortcuts = (manifest['shortcuts'] as Record<string, unknown>[]).map((shortcut) =>
    icon ? { ...shortcut, icons: [icon] } : shortcut,
  )
  return JSON.stringify({
    ...manifest,
    name: brand.name,
    // Left out, systems cut the name as they see fit.
    short_name: brand.name.length <= LONGEST_SHORT_NAME ? brand.name : undefined,
    ...(brand.palette && { theme_color: hexOf(brand.palette.light.accent) }),
    ...(icon && { icons: [icon], shortcuts }),
  })
}

/** A wide logo, or a small one, would be no icon: then it is ours. */
function iconOf({ url, logo }: { url: string; logo: Logo }): object | undefined {
  const { type, width, height } = logo
  if (width !== height) return undefined
  if (type === 'image/svg+xml') return { src: url, sizes: 'any', type, purpose: 'any' }
  return width < LEAST_ICON ? undefined : { src: url, sizes: `${width}x${height}`, type, purpose: 'any' }
}

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = () => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const LOOKS = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
  'forced colours': { colorScheme: 'dark', forcedColors: 'active' },
} as const

/** @returns what axe finds wrong by WCAG 2.2 A and AA with the page as it is, in light, in dark and in forced colours */
export async function faultsIn(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window)
  // Evaluated through DevTools, because the page's policy would not let a script of ours in.
  if (!isThere) await page.evaluate(source())
  const faults: string[] = []
  for (const [look, media] of Object.entries(LOOKS)) {
    await page.emulateMedia(media)
    const found = await page.evaluate(runAxe)
    faults.push(...found.map((fault) => `${look}: ${fault}`))
  }
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' })
  return faults
}

/** In the page. */
async function runAxe(): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const axe = Reflect.get(window, 'axe')
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })
  return violations.flatMap(({ id, nodes }: { id: string; nodes: { target: unknown[]; failureSummary: string }[] }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary.replace(/\s+/g, ' ')}`),
  )
}

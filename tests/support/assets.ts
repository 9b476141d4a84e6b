import { readFileSync } from 'node:fs'

/** The names of what the pages of this build load; those of earlier builds lie beside them. */
export function assetsOfThisBuild(): string[] {
  const [names = []]: string[][] = JSON.parse(readFileSync('dist/web/builds.json', 'utf8'))
  return names
}

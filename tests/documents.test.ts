import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'

/** What README.md and SECURITY.md say of the code is compared with it. */

const read = (path: string): string => readFileSync(path, 'utf8')
const filesUnder = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map(({ parentPath, name }) => join(parentPath, name))

/** The cells of the rows of the first table under a heading, without its head. */
function tableUnder(heading: string, document: string): string[][] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| '))
  return rows.map((row) => row.slice(2, -2).split(' | ')).filter(([first]) => !/^-/.test(first ?? ''))
}

/** What headings are called in links. */
function anchorsOf(document: string): string[] {
  const headings = document.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const codeIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)

describe('the table of variables', () => {
  const told = tableUnder('Configuration', read('README.md')).flatMap(([variables]) => codeIn(variables))
  const known = filesUnder('server', '.ts').flatMap((path) =>
    [...read(path).matchAll(/\breader\s*\.(?!reject\b)\w+(?:<[^>]*>)?\(\s*'([A-Z][A-Z_]+)'/g)].map(
      ([, name = '']) => name,
    ),
  )

  test('has a row for each that is read, and none for anything else', () => {
    expect(known.length).toBeGreaterThan(30)
    expect([...told].sort()).toEqual([...new Set(known)].sort())
  })

  test('names a default for each, or one for all of a row', () => {
    for (const [variables, values] of tableUnder('Configuration', read('README.md')).slice(1)) {
      const defaults = codeIn(values)
      expect([
        variables,
        defaults.length === codeIn(variables).length || /unset|none|made|first/.test(values ?? ''),
      ]).toEqual([variables, true])
    }
  })
})

describe('the table of threats', () => {
  const rows = tableUnder('Threats, and the test that tries each', read('SECURITY.md')).slice(1)
  const tests = new Map(filesUnder('tests', '.test.ts').map((path) => [basename(path, '.test.ts'), path]))

  test('has threats by their numbers, each once, in their order', () => {
    const numbers = rows.map(([number]) => Number(number?.slice(1)))
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other))
    expect(rows.length).toBeGreaterThanOrEqual(30)
  })

  test.each(rows)('%s (%s) is tried by tests that are there, and say so', (number, _threat, _stopped, tried) => {
    const names = codeIn(tried).filter((name) => !name.includes('/'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect([name, tests.has(name)]).toEqual([name, true])
    // At least one of them is about it by its number.
    const about = names.filter((name) => new RegExp(`\\b${number}\\b`).test(read(tests.get(name) ?? '')))
    expect([number, about.length > 0]).toEqual([number, true])
  })

  test('names every file of tests/threats', () => {
    const named = new Set(rows.flatMap(([, , , tried]) => codeIn(tried)))
    const left = filesUnder('tests/threats', '.test.ts').map((path) => basename(path, '.test.ts'))
    expect(left.filter((name) => !named.has(name))).toEqual([])
  })
})

describe("docs/identity.md's tables of what others ask for", () => {
  const tests = new Set(filesUnder('tests', '.test.ts').map((path) => basename(path, '.test.ts')))
  const document = read('docs/identity.md')

  test.each([
    ['RFC 10027 (BCP 247): security of cross-device flows', 15],
    ['RFC 8628, section 5: the device grant', 7],
    ['OWASP ASVS 5.0', 22],
  ])('%s: each row that something is said of names tests that are there', (heading, least) => {
    const [head, ...rows] = tableUnder(heading, document)
    expect(head?.at(-1)?.trim()).toBe('shown by')
    expect(rows.length).toBeGreaterThanOrEqual(least)
    const named = rows.flatMap((row) => codeIn(row.at(-1)))
    expect(named.filter((name) => !tests.has(name))).toEqual([])
  })
})

describe('links between documents', () => {
  const documents = ['README.md', 'SECURITY.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...filesUnder('docs', '.md')]

  test.each(documents)('%s leads to files that are there', (document) => {
    const targets = [...read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target)
    const files = targets.filter((target) => !/^[a-z]+:/.test(target))
    const missing = files.filter((target) => !existsSync(join(document, '..', target)))
    expect(missing).toEqual([])
  })

  test.each(documents)('%s leads to headings that are there', (document) => {
    const targets = [...read(document).matchAll(/\]\(([^)#\s:]*)#([^)]+)\)/g)]
    const missing = targets.filter(([, path = '', heading = '']) => {
      const file = path === '' ? document : join(document, '..', path)
      return file.endsWith('.md') && !anchorsOf(read(file)).includes(heading)
    })
    expect(missing.map(([link]) => link)).toEqual([])
  })
})

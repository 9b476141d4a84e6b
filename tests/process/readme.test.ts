import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

/** What the README promises a newcomer, in two commands. */

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const { scripts, engines } = JSON.parse(read('package.json'))

/** The one command in the first block of shell under this heading. */
function commandUnder(heading: string): string {
  const [, section = ''] = read('README.md').split(`\n## ${heading}\n`)
  const [, command = ''] = /^```sh\n(.*)\n```$/m.exec(section) ?? []
  return command
}

test('the first command builds what is not built, and runs the service', () => {
  expect(commandUnder('Run it')).toBe('npm ci && npm start')
  expect(scripts.start).toMatch(/^npm run --silent build:once && exec node dist\/server\/main\.js$/)
})

test('the second installs what the tests need, checks, builds once and runs every test', () => {
  expect(commandUnder('Test it')).toBe('npm ci && npm test')
  expect(scripts.test.split(' && ')).toEqual([
    'node tests/install-parts.mjs tests',
    'npm run check',
    'npm run build',
    'npm run --silent test:only --',
  ])
})

test('what has to pass before anything lands is the second command, from nothing', () => {
  expect(read('.ci/run').trim().split('\n').at(-1)).toBe(commandUnder('Test it'))
})

test('the container runs the Node that the README is tuned for, one that the engines allow', () => {
  const images = [...read('Dockerfile').matchAll(/^FROM (node:\S+)/gm)].map(([, image]) => image)
  expect(new Set(images).size).toBe(1)
  const [, major] = /^node:(\d+)\.\d+\.\d+-slim$/.exec(images[0] ?? '') ?? []
  const [, tuned, runsOn = ''] = /tuned for Node (\d+), and runs on ([\d., and]+) too/.exec(read('README.md')) ?? []
  expect(major).toBe(tuned)
  const [oldest = '', ...others] = runsOn.split(/, | and /)
  expect(engines.node).toBe(`>=${oldest}`)
  for (const other of others) expect(Number(other)).toBeGreaterThan(Number.parseInt(oldest, 10))
  expect(Number(major)).toBeGreaterThan(Number.parseInt(oldest, 10))
})

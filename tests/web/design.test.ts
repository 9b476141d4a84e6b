import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const sheets = readdirSync('web/public')
  .filter((name) => name.endsWith('.css'))
  .map((name) => ({ name, text: readFileSync(`web/public/${name}`, 'utf8') }))

const defined = new Set(sheets.flatMap(({ text }) => [...text.matchAll(/(--[\w-]+):/g)].map(([, name]) => name)))

test.each(sheets)('$name takes colours and sizes that there are', ({ text }) => {
  const used = [...text.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name)
  expect(used.filter((name) => !defined.has(name))).toEqual([])
})

test('nothing of the design system is there for nobody', () => {
  const used = new Set(sheets.flatMap(({ text }) => [...text.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name)))
  expect([...defined].filter((name) => !used.has(name))).toEqual([])
})

import { afterEach, expect, test } from '@jest/globals'
import { fill } from '../../../web/src/page/fill.ts'

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'document')
})

/** A part of a page that takes down what it is to hold. */
function place() {
  Object.assign(globalThis, { document: { createElement: () => ({ textContent: '' }) } })
  const held: (string | { textContent: string })[] = []
  const element = { replaceChildren: (...parts: typeof held) => void held.splice(0, held.length, ...parts) }
  return { element: element as unknown as Element, held }
}

test('a value stands apart where the words have a place for it', () => {
  const { element, held } = place()
  fill(element, (name) => `Signed in as ${name}.`, 'Ann')
  expect(held).toEqual(['Signed in as ', { textContent: 'Ann' }, '.'])
  fill(element, (name) => name, 'Ann')
  expect(held).toEqual(['', { textContent: 'Ann' }, ''])
})

test('words without a place for the value are found out at once, and nothing is put after them', () => {
  const { element, held } = place()
  expect(() => fill(element, () => '3 devices were signed out', 'Chrome on Linux')).toThrow('no place')
  expect(held).toEqual([])
})

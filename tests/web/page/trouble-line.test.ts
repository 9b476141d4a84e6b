import { expect, test } from '@jest/globals'
import { createTroubleLine } from '../../../web/src/page/trouble-line.ts'

/** A place on the page, and each change of what it says: a screen reader says them all. */
function open() {
  const heard: string[] = []
  const place = {
    get textContent() {
      return heard.at(-1) ?? ''
    },
    set textContent(words: string) {
      heard.push(words)
    },
  }
  return { line: createTroubleLine(place), heard }
}

test('what the page asks for by itself and does not get is said once, until it does', () => {
  const { line, heard } = open()
  for (const words of ['away', 'away', '', '', 'away']) line.sayOfLook(words)
  expect(heard).toEqual(['away', '', 'away'])
})

test('what somebody did and was not done stands until they do the next thing', () => {
  const { line, heard } = open()
  line.sayOfLook('away')
  line.say('')
  line.say('not signed out')
  for (const words of ['', 'away', '']) line.sayOfLook(words)
  expect(heard).toEqual(['away', '', 'not signed out'])
  line.say('')
  line.sayOfLook('away')
  expect(heard.slice(3)).toEqual(['', 'away'])
})

test('what was not done stands no longer than until a look finds it done after all', () => {
  const { line, heard } = open()
  let isGone = false
  line.say('not signed out', () => isGone)
  for (const words of ['', 'away']) line.sayOfLook(words)
  isGone = true
  line.sayOfLook('')
  isGone = false
  line.sayOfLook('away')
  expect(heard).toEqual(['not signed out', '', 'away'])
})

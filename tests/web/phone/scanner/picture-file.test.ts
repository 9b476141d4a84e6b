import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readPicture } from '../../../../web/src/phone/scanner/picture-file.ts'
import type { QrReader } from '../../../../web/src/phone/scanner/qr-reader.ts'

const PICTURE = new Blob(['a picture'])
let isPicture: boolean

class FakeImage {
  src = ''
  naturalWidth = 4000
  naturalHeight = 3000
  async decode() {
    if (!isPicture) throw new Error('no picture')
  }
}

const drawing = { fillStyle: '', fillRect: () => undefined, drawImage: (): undefined => undefined }
let context: typeof drawing | null
const stubs = { Image: FakeImage, document: { createElement: () => ({ getContext: () => context }) } }

beforeEach(() => {
  isPicture = true
  context = drawing
  Object.assign(globalThis, stubs)
})
afterEach(() => {
  for (const name of Object.keys(stubs)) Reflect.deleteProperty(globalThis, name)
})

/** @param see what it sees at each look, one after the other */
function createReader(see: (looks: number) => string | undefined) {
  let looks = 0
  const reader: QrReader = {
    async detect() {
      looks += 1
      const seen = see(looks)
      return seen === undefined ? [] : [{ rawValue: seen }]
    },
  }
  return { reader, looks: () => looks }
}

const on = new AbortController().signal

test('a code that is missed at one size is looked for at others', async () => {
  const { reader, looks } = createReader((nth) => (nth === 3 ? 'a code' : undefined))
  expect(await readPicture(PICTURE, reader, on)).toEqual({ kind: 'read', text: 'a code' })
  expect(looks()).toBe(3)
})

test('a picture that nobody waits for any more is left after the size that is being read', async () => {
  const ending = new AbortController()
  const { reader, looks } = createReader(() => void ending.abort())
  await readPicture(PICTURE, reader, ending.signal)
  expect(looks()).toBe(1)
  await readPicture(PICTURE, reader, ending.signal)
  expect(looks()).toBe(1)
})

test('a file that is no picture is told from a reader that fails', async () => {
  const { reader } = createReader(() => {
    throw new Error('the reader cannot be had')
  })
  await expect(readPicture(PICTURE, reader, on)).rejects.toThrow('the reader cannot be had')
  isPicture = false
  expect(await readPicture(PICTURE, reader, on)).toEqual({ kind: 'unreadable' })
})

test('a picture that this browser cannot draw is told from a reader that fails', async () => {
  const { reader, looks } = createReader(() => undefined)
  const drawImage = () => {
    throw new DOMException('The image is in the broken state', 'InvalidStateError')
  }
  for (context of [null, { ...drawing, drawImage }]) {
    expect(await readPicture(PICTURE, reader, on)).toEqual({ kind: 'unreadable' })
  }
  expect(looks()).toBe(0)
})

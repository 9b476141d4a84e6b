import { expect, test } from '@jest/globals'
import { loginForms as formWords } from '#messages/loginForms'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { dropped } from '../support/polling.ts'

/** As much of an element as the form touches. */
class FakeElement extends EventTarget {
  textContent = ''
  value = ''
  selectionStart = 0
  children: FakeElement[] = []
  readonly parts: Record<string, FakeElement> = {}
  readonly classList = { toggle: () => undefined }
  #isOff = true

  querySelector = (selector: string) => this.parts[selector] ?? null
  closest = () => (this.#isOff ? this : null)
  toggleAttribute(_name: string, isOff: boolean) {
    this.#isOff = isOff
  }
  setAttribute() {}
  focus() {}
}
class FakeForm extends FakeElement {}
class FakeInput extends FakeElement {}

Object.assign(globalThis, {
  HTMLElement: FakeElement,
  HTMLFormElement: FakeForm,
  HTMLInputElement: FakeInput,
  InputEvent: class extends Event {},
  document: new EventTarget(),
})
const { createMatchForm } = await import('../../../web/src/desktop/match-form.ts')

/** The form with all five tries, and a service that answers when the test says so. */
function open() {
  const clock = createFakeClock()
  const [form, input, message, boxes] = [new FakeForm(), new FakeInput(), new FakeElement(), new FakeElement()]
  boxes.children = Array.from({ length: 6 }, () => new FakeElement())
  Object.assign(form.parts, { '#match-code': input, '#match-message': message, '.boxes': boxes })
  const sent: string[] = []
  let fail: (error: Error) => void = () => undefined
  const life = new AbortController()
  const root: Pick<ParentNode, 'querySelector'> = { querySelector: () => form as never }
  const shown = createMatchForm({
    root: root as ParentNode,
    clock,
    submit: (digits) =>
      new Promise((_resolve, reject) => {
        sent.push(digits)
        fail = reject
      }),
    signal: life.signal,
  })
  shown.show(5)
  return {
    sent,
    says: () => message.textContent,
    digits: () => input.value,
    /** What a poll says. */
    told: (triesLeft: number) => shown.show(triesLeft),
    type: async (digits: string) => {
      input.value = digits
      input.dispatchEvent(new Event('input'))
      await clock.pass(1000)
    },
    press: () => void form.dispatchEvent(new Event('submit')),
    leavePage: () => life.abort(),
    loseReply: async () => {
      fail(dropped())
      await settle()
    },
  }
}

test('digits whose answer was lost are called wrong once a poll tells of fewer tries', async () => {
  const form = open()
  await form.type('111111')
  await form.loseReply()
  expect(form.digits()).toBe('111111')
  form.told(4)
  expect(form.says()).toContain(formWords.triesLeft({ count: 4 }))
  expect(form.digits()).toBe('')
})

test('digits that a poll has told of before their answer is given up are called wrong too', async () => {
  const form = open()
  await form.type('111111')
  form.told(4)
  expect(form.digits()).toBe('111111')
  await form.loseReply()
  expect(form.says()).toContain(formWords.triesLeft({ count: 4 }))
  expect(form.digits()).toBe('')
  expect(form.sent).toEqual(['111111'])
})

test('the try that a poll tells of may be the one before: digits that may be right are not called wrong', async () => {
  const form = open()
  await form.type('111111')
  await form.loseReply()
  await form.type('222222')
  form.told(4)
  await form.loseReply()
  expect(form.sent).toEqual(['111111', '222222'])
  expect(form.says()).not.toContain(formWords.triesLeft({ count: 4 }))
  expect(form.digits()).toBe('222222')
  form.told(3)
  expect(form.says()).toContain(formWords.triesLeft({ count: 3 }))
  expect(form.digits()).toBe('')
})

test('digits that are sent once more, their answer lost again, are called wrong by the first try that is told', async () => {
  const form = open()
  await form.type('111111')
  await form.loseReply()
  await form.type('')
  await form.type('111111')
  await form.loseReply()
  form.told(4)
  expect(form.says()).toContain(formWords.triesLeft({ count: 4 }))
})

test('digits are sent by the button once, and not by a form whose element has left the page: another has its place', async () => {
  const form = open()
  await form.type('111111')
  await form.loseReply()
  form.press()
  expect(form.sent).toEqual(['111111', '111111'])
  await form.loseReply()
  form.leavePage()
  form.press()
  await form.type('222222')
  expect(form.sent).toEqual(['111111', '111111'])
})

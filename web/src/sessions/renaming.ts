import { devices as deviceWords } from '#messages/devices'
import { wordsFor } from '../page/error-words.ts'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { onceAtATime, setBusy } from '../page/once-at-a-time.ts'
import { createTurns } from '../page/turns.ts'
import { isProblem } from '../wire/api-error.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { nameOf } from './device-row.ts'

/** Asks what a device is to be called. @param save told the name, or `''` for none; throws what stood in the way */
export type AskName = (device: LinkedDevice, save: (name: string) => Promise<void>) => void

/** `#renaming`: whatever has the focus gets it back. What is wrong with a name is said beside it. */
export function createRenaming(root: ParentNode): AskName {
  const dialog = findPart(root, '#renaming', HTMLDialogElement)
  const form = findPart(dialog, 'form', HTMLFormElement)
  const label = findPart(form, 'label', HTMLLabelElement)
  const field = findPart(form, 'input', HTMLInputElement)
  const message = findPart(form, '.message', HTMLElement)
  const submit = findPart(form, '[type="submit"]', HTMLButtonElement)
  /** A turn for each time that the dialog is opened: it may be open anew when a save is answered. */
  const turns = createTurns()
  let save = async (_name: string) => {}

  const send = async () => {
    const isStill = turns.begin()
    const ask = async () => {
      message.textContent = ''
      try {
        await save(field.value.trim())
        if (isStill()) dialog.close()
      } catch (error) {
        if (isStill()) complain(error)
      }
    }
    await onceAtATime(submit, ask, isStill)
  }
  const complain = (error: unknown) => {
    const isBad = isProblem(error, 'invalid_request')
    message.textContent = isBad ? deviceWords.badName : wordsFor(error)
    field.focus()
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void send()
  })
  findPart(form, '.question-no', HTMLButtonElement).addEventListener('click', () => dialog.close())

  return (device, saveName) => {
    turns.end()
    save = saveName
    setBusy(false, submit)
    message.textContent = ''
    fill(label, (name) => deviceWords.nameOf({ name }), nameOf(device))
    field.value = device.name ?? ''
    field.placeholder = nameOf(device)
    dialog.showModal()
    field.select()
  }
}

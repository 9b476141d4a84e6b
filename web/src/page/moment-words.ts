import { agoWords } from './words.ts'

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A `<time>` for a moment on the server's clock. */
export function timeElement(at: number): HTMLTimeElement {
  const time = document.createElement('time')
  time.dateTime = new Date(at).toISOString()
  time.textContent = format.format(at)
  return time
}

/** As `timeElement`, in words such as "5 minutes ago". `now` is on the server's clock too: ours may be wrong. */
export function agoElement(at: number, now: number): HTMLTimeElement {
  const time = timeElement(at)
  time.title = time.textContent
  time.textContent = agoWords((now - at) / 1000)
  return time
}

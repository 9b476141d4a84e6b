import { locale } from '#messages/locale'
import { moment } from '#messages/moment'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A number as this person writes it: in their digits, as those of `agoWords` are. @param least how many digits it has */
export const numberWords = (value: number, least = 1): string =>
  value.toLocaleString(locale(), { minimumIntegerDigits: least })

/** Time that counts down, for the eye: "2:05" */
export const clockWords = (seconds: number): string =>
  `${numberWords(Math.floor(seconds / MINUTE))}:${numberWords(seconds % MINUTE, 2)}`

/** A `<time>` for a moment on the server's clock. */
export function timeElement(at: number): HTMLTimeElement {
  const time = document.createElement('time')
  time.dateTime = new Date(at).toISOString()
  time.textContent = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(at)
  return time
}

/** As `timeElement`, in words such as "5 minutes ago". `now` is on the server's clock too: ours may be wrong. */
export function agoElement(at: number, now: number): HTMLTimeElement {
  const seconds = (now - at) / 1000
  const time = timeElement(at)
  time.title = time.textContent
  time.textContent = seconds < MINUTE ? moment.justNow : agoWords(seconds)
  return time
}

/** "30 days" */
export function spanWords(seconds: number): string {
  const words = (unit: string, length: number) =>
    new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(Math.ceil(seconds / length))
  if (seconds >= DAY) return words('day', DAY)
  return seconds >= HOUR ? words('hour', HOUR) : words('minute', MINUTE)
}

/** "5 minutes ago" */
export const agoWords = (seconds: number): string => relativeWords(seconds, -1)

/** "in 5 minutes" */
export const inWords = (seconds: number): string => relativeWords(seconds, 1)

/** In the coarsest words that still help. */
function relativeWords(seconds: number, sign: 1 | -1): string {
  const format = new Intl.RelativeTimeFormat(locale())
  if (seconds < 90) return format.format(sign * Math.max(1, Math.round(seconds)), 'second')
  if (seconds < 90 * MINUTE) return format.format(sign * Math.round(seconds / MINUTE), 'minute')
  if (seconds < 36 * HOUR) return format.format(sign * Math.round(seconds / HOUR), 'hour')
  return format.format(sign * Math.round(seconds / DAY), 'day')
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A `<time>` for a moment on the server's clock. A date, not "5 minutes ago": that would need our clock to agree. */
export function timeElement(at: number): HTMLTimeElement {
  const time = document.createElement('time')
  time.dateTime = new Date(at).toISOString()
  time.textContent = format.format(at)
  return time
}

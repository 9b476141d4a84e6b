import { rawRequest } from './wrk.mjs'

/**
 * What a page does with the reply that signs it in: the person's data is in it, or the page asks for it with the
 * cookie.
 * @returns what must hear the next reply of the line
 */
export function readPerson(line, head, body, onPerson) {
  if (body.includes('"session":{')) {
    onPerson()
    return () => undefined
  }
  const [, cookie] = /set-cookie: (scanin_session=[^;]+)/i.exec(head) ?? []
  line.ask(rawRequest('GET', '/session', { accept: 'application/json', cookie }))
  return (_head, person) => {
    if (person.startsWith('{"user":{')) onPerson()
    else console.error(`/session answered: ${person}`)
  }
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'
import { ROOT } from './service.mjs'
import '../../support/typescript.mjs'

const { hashPassword } = await import(join(ROOT, 'server/identity/passwords.ts'))
const folder = temporaryFolder()

/** An accounts file of so many people with one password: `person-0`, `person-1` and so on. @returns its path */
export async function writePeople(count, password) {
  const passwordHash = await hashPassword(password)
  const people = Array.from({ length: count }, (_, at) => ({
    username: `person-${at}`,
    name: `Person ${at}`,
    password_hash: passwordHash,
  }))
  const file = join(folder, 'people.json')
  writeFileSync(file, JSON.stringify(people))
  return file
}

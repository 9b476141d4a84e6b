import type { User } from '../../identity/identity.ts'
import { canBeListed } from '../../identity/names.ts'

/** Longer headers are refused by what stands in the way: nginx has 4 kB for all of a reply's. */
const LONGEST_GROUPS_BYTES = 3000

export interface RemoteHeaders {
  headers: Record<string, string>
  /** Groups that are not among them: some did not fit in, some have a comma and would be two. */
  leftOut: number
}

/**
 * Who is signed in, for an application. Always all four headers: one that were left out, a proxy would let a client set
 * itself. Values are as `names.ts` lets them be, which no header can be split by (an accounts file
 * has no group with a comma, an identity provider may); UTF-8 on the wire, as other
 * forward-auth services send it.
 */
export function remoteHeaders({ id, name, email = '', groups = [] }: User): RemoteHeaders {
  const listed = groups.filter(canBeListed)
  const fitting = listed.slice(0, howManyFit(listed))
  const texts = {
    'remote-user': id,
    'remote-name': name,
    'remote-email': email,
    'remote-groups': fitting.join(','),
  }
  // Node writes each character of a header as one byte.
  const inBytes = Object.entries(texts).map(([header, text]) => [header, Buffer.from(text).toString('latin1')])
  return { headers: Object.fromEntries(inBytes), leftOut: groups.length - fitting.length }
}

function howManyFit(groups: readonly string[]): number {
  let bytes = -1
  const beyond = groups.findIndex((group) => {
    bytes += Buffer.byteLength(group) + 1
    return bytes > LONGEST_GROUPS_BYTES
  })
  return beyond === -1 ? groups.length : beyond
}

import { makeKey } from '../keys/key-set.ts'
import { type Command, UsageError } from './terminal.ts'

/** Prints a new private key as a JWKS, for a SIGNING_KEYS_FILE. With `RS256` an RSA key. */
export const makeSigningKey: Command = async ([wanted = 'EdDSA', ...more], { print }) => {
  if (more.length > 0 || (wanted !== 'EdDSA' && wanted !== 'RS256'))
    throw new UsageError('EdDSA or RS256: nothing was made.')
  print(`${JSON.stringify({ keys: [await makeKey(wanted)] }, undefined, 2)}\n`)
}

/** `npm run make-signing-key`: prints a new private key as a JWKS, for a SIGNING_KEYS_FILE. With `RS256` an RSA key. */
import { makeKey } from './apps/key-set.ts'

const [, , wanted = 'EdDSA'] = process.argv
if (wanted === 'EdDSA' || wanted === 'RS256') {
  process.stdout.write(`${JSON.stringify({ keys: [await makeKey(wanted)] }, undefined, 2)}\n`)
} else {
  process.stderr.write('EdDSA or RS256: nothing was made.\n')
  process.exitCode = 1
}

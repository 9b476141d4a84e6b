import Type from 'typebox'
import { strict } from '../http/schemas.ts'
import { TOKEN_PATTERN } from './token.ts'

export const TOKEN_EXAMPLE = 'V1StGXR8_Z5jdHi6.kvZVMBFQmNNSJSHX0FR4Bd'

/** The wire form of a token, in a body or an address. */
export const tokenSchema = Type.String({
  title: 'Token',
  pattern: TOKEN_PATTERN,
  description: 'The public half of a login, `<login id>.<QR secret>`. The login id stays, the QR secret changes',
  examples: [TOKEN_EXAMPLE],
})

/** The body of a request that is about one login and says nothing else. */
export const tokenBody = Type.Object({ token: tokenSchema }, { ...strict, title: 'AboutLogin' })

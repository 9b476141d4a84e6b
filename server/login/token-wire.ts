import Type from 'typebox'
import { strict } from '../http/schemas.ts'
import { TOKEN_PATTERN } from './token.ts'

/** The wire form of a token, in a body or an address. */
export const tokenSchema = Type.String({ pattern: TOKEN_PATTERN })

/** The body of a request that is about one login and says nothing else. */
export const tokenBody = Type.Object({ token: tokenSchema }, strict)

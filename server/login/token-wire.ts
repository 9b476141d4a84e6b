import Type from 'typebox'
import { strict } from '../http/schemas.ts'
import { TOKEN_PATTERN } from './token.ts'

export const tokenSchema = Type.String({ pattern: TOKEN_PATTERN })

export const tokenBody = Type.Object({ token: tokenSchema }, strict)

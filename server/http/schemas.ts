import Type from 'typebox'
import { ERROR_CODES } from './problems.ts'

/** What several routes' schemas have in common. */

export const problemSchema = Type.Object(
  {
    type: Type.Literal('about:blank'),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: [...ERROR_CODES] }),
    tries_left: Type.Optional(Type.Integer({ description: 'With wrong_match_code: how many more tries there are' })),
  },
  { description: 'RFC 9457; `code` comes from a closed list', title: 'Problem' },
)

const problemReply = { description: 'A problem', content: { 'application/problem+json': { schema: problemSchema } } }

/** Every route may answer with these; spread into its `response`. */
export const problemReplies = { '4xx': problemReply, '5xx': problemReply }

/** The wire form of a time that is left: relative, so that no clock is compared with another. */
export const expiresIn = Type.Integer({ description: 'Whole seconds until this state ends' })

/** The wire form of a person to whoever need not know more than whom it is about. */
export const shortUser = Type.Object({ id: Type.String(), name: Type.String() })

/** `application/json` objects that take no other keys than their own. */
export const strict = { additionalProperties: false } as const

/** The query of a poll that may be held. */
export const pollQuery = Type.Object({
  seen: Type.Optional(Type.String({ maxLength: 32, description: 'The status that the client knows' })),
  wait: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,6}$', description: 'Whole seconds for which the reply may be held' }),
  ),
})

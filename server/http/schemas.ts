import Type, { type TSchemaOptions } from 'typebox'
import { ERROR_CODES } from './problems.ts'

/**
 * What several routes' schemas have in common. A schema with a `title` is a type of that name to clients; `examples` of
 * texts and numbers are all that the document's examples are made of.
 */

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: TSchemaOptions = {}) {
  return Type.Enum<[...Words]>([...words], { type: 'string', ...options })
}

export const problemSchema = Type.Object(
  {
    type: Type.Literal('about:blank'),
    title: Type.String({ description: 'For people who look into it; no part of the API' }),
    status: Type.Integer(),
    code: oneOf(ERROR_CODES, { description: 'A closed list' }),
    tries_left: Type.Optional(Type.Integer({ description: 'With `wrong_match_code`: how many more tries there are' })),
  },
  { title: 'Problem', description: 'RFC 9457' },
)

/**
 * How every route may refuse that asks the store, or a provider about people whom the store names; spread into its
 * `problems`.
 */
export const AWAY = ['overloaded', 'store_unavailable', 'identity_provider_unavailable'] as const

/** What else every route may refuse with that takes a native app's token. */
export const OF_TOKENS = ['slow_down', 'identity_provider_unavailable'] as const

/** A reply without a body. */
export const nothing = Type.Null()

/** The wire form of a time that is left: relative, so that no clock is compared with another. */
export const expiresIn = Type.Integer({ description: 'Whole seconds until this state ends', examples: [118] })

/** The wire form of a point in time. */
export const moment = Type.String({ format: 'date-time', examples: ['2026-10-05T09:41:00.000Z'] })

/** The wire form of a person to whoever need not know more than whom it is about. */
export const userId = Type.String({
  description:
    "At where the person comes from: of people from two places two may have the same one. Tokens' `sub` is one person's",
  examples: ['ada'],
})
export const userName = Type.String({ examples: ['Ada Lovelace'] })
export const shortUser = Type.Object({ id: userId, name: userName }, { title: 'User' })

/** What a User-Agent says, as people call it. */
export const browserName = Type.Object(
  { name: Type.String({ examples: ['Firefox'] }), os: Type.String({ examples: ['Windows'] }) },
  { title: 'Browser' },
)

export const clientIp = (description: string) => Type.String({ description, examples: ['203.0.113.7'] })

export const place = Type.String({ description: 'Where that is, by `GEOIP_FILE`', examples: ['Berlin, Germany'] })

/** `application/json` objects that take no other keys than their own. */
export const strict = { additionalProperties: false } as const

/** Digits in an address, where all is text: to who reads the API's description an integer. */
export const WHOLE_NUMBER = { pattern: '^[0-9]{1,6}$', maxLength: 6 } as const

/** The query of a poll that may be held. */
export const pollQuery = Type.Object({
  seen: Type.Optional(
    Type.String({ maxLength: 32, description: 'The status that the client knows', examples: ['pending'] }),
  ),
  wait: Type.Optional(
    Type.String({
      ...WHOLE_NUMBER,
      description:
        'Whole seconds for which the reply may be held while the status is still `seen`. The reply says as `hold` what to ask for',
      examples: ['2'],
    }),
  ),
})

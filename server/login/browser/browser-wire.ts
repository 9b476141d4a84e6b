import Type, { type Static } from 'typebox'
import { expiresIn, oneOf, shortUser, strict } from '../../http/schemas.ts'
import { applicationOnWire, applicationSchema } from '../application-wire.ts'
import { type Pace, pace } from '../hold/pace-wire.ts'
import { MATCH_CODE_PATTERN } from '../token.ts'
import { TOKEN_EXAMPLE, tokenSchema } from '../token-wire.ts'
import type { ShownLogin } from './browser-logins.ts'
import type { BrowserStatus } from './browser-polls.ts'
import { qrImage } from './qr-image.ts'

/** The wire forms of what the desktop's browser sends and gets, and how the service's own values become them. */

/** For routes that answer text that is no token as they answer another browser's token. */
export const anyToken = Type.String({ description: 'Of a login of this browser', examples: [TOKEN_EXAMPLE] })

export const startBody = Type.Union([
  Type.Object(
    {
      token: Type.Optional(
        Type.String({
          description: 'Of a pending login of this browser: renews its QR. Any other starts a new login',
          examples: [TOKEN_EXAMPLE],
        }),
      ),
      return_to: Type.Optional(
        Type.String({
          description: 'Where to go once signed in; dropped where it may not lead',
          examples: ['/reports?year=2026'],
        }),
      ),
    },
    { ...strict, title: 'StartLogin' },
  ),
  Type.Null(),
])

export const matchBody = Type.Object(
  { token: tokenSchema, match_code: Type.String({ pattern: MATCH_CODE_PATTERN, examples: ['304518'] }) },
  { ...strict, title: 'TypedMatchCode' },
)

const verificationUri = Type.String({
  description: 'Where a code is typed on the phone',
  examples: ['https://login.example.org/scan'],
})

export const shownLogin = Type.Object(
  {
    status: Type.Literal('pending'),
    token: tokenSchema,
    verification_uri: verificationUri,
    verification_uri_complete: Type.String({
      description: 'What the QR says; the token is in the fragment',
      examples: [`https://login.example.org/scan#${TOKEN_EXAMPLE}`],
    }),
    qr_image: Type.String({
      description: 'The QR as a `data:` URL of an SVG',
      examples: ['data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4='],
    }),
    expires_in: expiresIn,
    refresh_in: Type.Integer({ description: 'Whole seconds after which to ask for the next QR', examples: [30] }),
    ...pace.properties,
    application: Type.Optional(applicationSchema),
  },
  { title: 'ShownLogin' },
)

export const browserStatus = Type.Union(
  [
    Type.Object(
      { status: oneOf(['pending', 'scanned', 'denied']), expires_in: expiresIn, ...pace.properties },
      { title: 'LoginUnderWay' },
    ),
    Type.Object(
      {
        status: Type.Literal('match_required'),
        expires_in: expiresIn,
        ...pace.properties,
        tries_left: Type.Integer({ description: 'How often the digits may still be typed', examples: [5] }),
      },
      { title: 'LoginToMatch' },
    ),
    Type.Object(
      {
        status: Type.Literal('authenticated'),
        expires_in: expiresIn,
        ...pace.properties,
        user: shortUser,
        redirect_to: Type.String({ description: 'Where to go now', examples: ['/reports?year=2026'] }),
      },
      { title: 'LoginDone' },
    ),
    Type.Object(
      { status: Type.Literal('expired') },
      {
        title: 'LoginExpired',
        description:
          'Unknown, expired, foreign, rotated out or used up: nobody tells them apart. Where a code was typed, what is rotated ' +
          'out is not expired to the login’s own browser, which may know no newer token',
      },
    ),
  ],
  { title: 'LoginStatus' },
)

export const userCodeReply = Type.Object(
  {
    user_code: Type.String({ description: 'As people see it; case and dashes do not matter', examples: ['WDJB-MJHT'] }),
    verification_uri: verificationUri,
    expires_in: expiresIn,
  },
  { title: 'UserCode' },
)

export function shownOnWire(
  { token, expiresIn, refreshIn, application }: ShownLogin,
  verificationUri: string,
  pace: Pace,
): Static<typeof shownLogin> {
  const complete = `${verificationUri}#${token}`
  return {
    status: 'pending',
    token,
    verification_uri: verificationUri,
    verification_uri_complete: complete,
    qr_image: qrImage(complete),
    expires_in: expiresIn,
    refresh_in: refreshIn,
    ...pace,
    ...(application === undefined ? {} : { application: applicationOnWire(application) }),
  }
}

/** The session's secret stays out: it goes by `Set-Cookie` alone. */
export function statusOnWire(status: BrowserStatus, pace: Pace): Static<typeof browserStatus> {
  switch (status.status) {
    case 'expired':
      return status
    case 'pending':
    case 'scanned':
    case 'denied':
      return { status: status.status, expires_in: status.expiresIn, ...pace }
    case 'match_required':
      return { status: status.status, expires_in: status.expiresIn, ...pace, tries_left: status.triesLeft }
    case 'authenticated':
      return {
        status: status.status,
        expires_in: status.expiresIn,
        ...pace,
        user: { id: status.user.id, name: status.user.name },
        redirect_to: status.redirectTo,
      }
    default:
      return status satisfies never
  }
}

import Type, { type Static } from 'typebox'
import { placed } from '../../http/place.ts'
import { browserName, clientIp, expiresIn, oneOf, place, strict } from '../../http/schemas.ts'
import { assertionSchema } from '../../passkeys/passkey-wire.ts'
import { applicationOnWire, applicationSchema } from '../application-wire.ts'
import { type Pace, pace } from '../hold/pace-wire.ts'
import { tokenSchema } from '../token-wire.ts'
import type { ConfirmKind } from './confirm-rule.ts'
import type { ApprovalRequest, Confirmation, PhoneStatus } from './phone-approvals.ts'

/** The wire forms of what a phone sends and gets. */

export const scanBody = Type.Union([
  Type.Object({ token: tokenSchema }, { ...strict, title: 'ScannedToken' }),
  Type.Object(
    {
      user_code: Type.String({
        minLength: 1,
        maxLength: 32,
        description: 'Case and dashes do not matter',
        examples: ['WDJB-MJHT'],
      }),
    },
    { ...strict, title: 'TypedUserCode' },
  ),
])

export const confirmBody = Type.Object(
  {
    token: tokenSchema,
    remember: Type.Optional(
      Type.Boolean({ description: "The browser's session lasts as long as a phone's", examples: [false] }),
    ),
    assertion: Type.Optional(assertionSchema),
  },
  { ...strict, title: 'Confirm' },
)

export const approvalRequest = Type.Object(
  {
    status: oneOf(['scanned', 'match_required', 'authenticated']),
    token: tokenSchema,
    browser: browserName,
    ip: clientIp("The browser's address, or that of a proxy which does not say whose client it is"),
    place: Type.Optional(place),
    same_network: Type.Boolean({
      description: 'Browser and phone are known to share an IPv4 /24 or an IPv6 /64',
      examples: [false],
    }),
    age: Type.Integer({ description: 'Whole seconds since the browser began', examples: [9] }),
    origin: Type.String({
      description: 'The site that the browser will be signed in to',
      examples: ['https://login.example.org'],
    }),
    application: Type.Optional(applicationSchema),
    match: oneOf(['none', 'code'], { description: '`code`: the phone will show digits to type', examples: ['code'] }),
    confirm: Type.Optional(oneOf(['passkey'], { description: 'A passkey is asked for. Left out: a tap is enough' })),
    expires_in: expiresIn,
  },
  { title: 'ApprovalRequest' },
)

export const confirmationReply = Type.Union(
  [
    Type.Object({ status: Type.Literal('authenticated') }, { title: 'Approved' }),
    Type.Object(
      {
        status: Type.Literal('match_required'),
        match_code: Type.String({ description: 'To be shown, and typed into the browser', examples: ['304518'] }),
        expires_in: expiresIn,
      },
      { title: 'ApprovedToMatch' },
    ),
  ],
  { title: 'Confirmation' },
)

export const denial = Type.Object({ status: Type.Literal('denied') }, { title: 'Denied' })

export const phoneStatus = Type.Object(
  {
    status: oneOf(['scanned', 'match_required', 'authenticated', 'denied']),
    expires_in: expiresIn,
    ...pace.properties,
    collected: Type.Boolean({ description: 'The browser has its session', examples: [false] }),
  },
  { title: 'ScannedLogin' },
)

export function requestOnWire(
  { browserAt, expiresIn, application, ...request }: ApprovalRequest,
  {
    origin,
    place,
    sameNetwork,
    confirm,
  }: { origin: string; place: string | undefined; sameNetwork: boolean; confirm: ConfirmKind },
): Static<typeof approvalRequest> {
  return {
    ...request,
    ...{ ip: browserAt.address, same_network: sameNetwork, origin, expires_in: expiresIn },
    ...placed(place),
    ...(confirm === 'passkey' ? { confirm } : {}),
    ...(application === undefined ? {} : { application: applicationOnWire(application) }),
  }
}

export function confirmationOnWire(confirmation: Confirmation): Static<typeof confirmationReply> {
  if (confirmation.status === 'authenticated') return confirmation
  const { status, matchCode, expiresIn } = confirmation
  return { status, match_code: matchCode, expires_in: expiresIn }
}

export function phoneStatusOnWire(
  { status, isCollected, expiresIn }: PhoneStatus,
  pace: Pace,
): Static<typeof phoneStatus> {
  return { status, expires_in: expiresIn, ...pace, collected: isCollected }
}

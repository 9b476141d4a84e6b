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

const UUID = '^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'

/** Ignored for a phone that has a session, and for an app that proves its key: that tells the phone already. */
const deviceId = Type.Optional(
  Type.String({
    pattern: UUID,
    description:
      "Of a native app: which of its person's phones it is on, as a UUID (RFC 4122) that it made there and keeps. What one has scanned no other confirms",
    examples: ['6f1c0d8e-3b5a-4c1e-9d57-0a2b7c4e9f13'],
  }),
)

export const scanBody = Type.Union([
  Type.Object({ token: tokenSchema, device_id: deviceId }, { ...strict, title: 'ScannedToken' }),
  Type.Object(
    {
      user_code: Type.String({
        minLength: 1,
        maxLength: 32,
        description: 'Case and dashes do not matter',
        examples: ['WDJB-MJHT'],
      }),
      device_id: deviceId,
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
    device_id: deviceId,
  },
  { ...strict, title: 'Confirm' },
)

export const denyBody = Type.Object({ token: tokenSchema, device_id: deviceId }, { ...strict, title: 'Deny' })

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
    new_browser: Type.Optional(
      Type.Literal(true, {
        description: 'As far as is remembered, the person has not signed in from such a browser in that network',
      }),
    ),
    age: Type.Integer({ description: 'Whole seconds since the browser began', examples: [9] }),
    origin: Type.String({
      description: 'The site that the browser will be signed in to',
      examples: ['https://login.example.org'],
    }),
    application: Type.Optional(applicationSchema),
    remember_for: Type.Integer({
      description: 'Whole seconds that the browser stays signed in for with `remember`',
      examples: [2_592_000],
    }),
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

/** Whole seconds between two polls of a phone whose browser may be in at any moment, at the most. */
const MOST_SECONDS_APART = 2

/**
 * The pace that a phone is told. Once it has confirmed, `collected` may come at any moment and is told for ten seconds
 * only. So the phone asks well within these, and once more if a reply is lost, however slow everybody's pace is.
 */
export function paceOfPhone({ status }: Pick<PhoneStatus, 'status'>, { interval, hold }: Pace): Pace {
  const hasConfirmed = status === 'match_required' || status === 'authenticated'
  return { interval: hasConfirmed ? Math.min(interval, MOST_SECONDS_APART) : interval, hold }
}

/** What an approval request says besides the login itself. */
interface Surroundings {
  origin: string
  place: string | undefined
  /** Of the application. */
  logo: string | undefined
  sameNetwork: boolean
  isNewBrowser: boolean
  /** Whole seconds. */
  rememberFor: number
  confirm: ConfirmKind
}

export function requestOnWire(
  { browserAt, expiresIn, application, returnTo: _leadsTo, ...request }: ApprovalRequest,
  { origin, place, logo, sameNetwork, isNewBrowser, rememberFor, confirm }: Surroundings,
): Static<typeof approvalRequest> {
  return {
    ...request,
    ...{ ip: browserAt.address, same_network: sameNetwork, origin, expires_in: expiresIn, remember_for: rememberFor },
    ...(isNewBrowser ? { new_browser: true as const } : {}),
    ...placed(place),
    ...(confirm === 'passkey' ? { confirm } : {}),
    ...(application === undefined ? {} : { application: applicationOnWire(application, logo) }),
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

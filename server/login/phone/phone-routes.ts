import Type from 'typebox'
import { ScanInError } from '../../errors.ts'
import { type ClientAddress, type ClientAddresses, isSameNetwork } from '../../http/client-address.ts'
import type { PlaceOf } from '../../http/place.ts'
import { requestContextOf } from '../../http/request-context.ts'
import { AWAY, OF_TOKENS, pollQuery } from '../../http/schemas.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import type { BrowserName } from '../../http/user-agent.ts'
import type { User } from '../../identity/identity.ts'
import { requestOptions } from '../../passkeys/passkey-wire.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { LogoOf } from '../application.ts'
import type { Paces } from '../hold/paces.ts'
import { holdRequest, takeHoldWish, tokenOf } from '../hold/poll-request.ts'
import { type PollingClients, refuseIfTooFast } from '../hold/polling-clients.ts'
import type { MatchKind, Phone } from '../login.ts'
import type { MatchMode } from '../login-policy.ts'
import { parseUserCode, type Token } from '../token.ts'
import { tokenBody, tokenSchema } from '../token-wire.ts'
import type { CodeGuard } from './code-guard.ts'
import type { ConfirmRule } from './confirm-rule.ts'
import type { ApprovalRequest, PhoneApprovals } from './phone-approvals.ts'
import type { AuthenticatePhone } from './phone-authentication.ts'
import {
  approvalRequest,
  confirmationOnWire,
  confirmationReply,
  confirmBody,
  denial,
  denyBody,
  paceOfPhone,
  phoneStatus,
  phoneStatusOnWire,
  requestOnWire,
  scanBody,
} from './phone-wire.ts'

/** Whether somebody has not signed in from such a browser in that network before, as far as anybody remembers. */
export type IsNewBrowser = (person: User, asking: { browser: BrowserName; ip: string }) => Promise<boolean>

interface PhoneRoutesOptions {
  approvals: PhoneApprovals
  authenticatePhone: AuthenticatePhone
  current: Pick<CurrentSession, 'presentedSecret'>
  clients: PollingClients
  clientAddresses: Pick<ClientAddresses, 'of'>
  placeOf: PlaceOf
  codeGuard: CodeGuard
  confirmRule: ConfirmRule
  matchMode: MatchMode
  publicUrl: string
  paces: Paces
  logoOf: LogoOf
  isNewBrowser: IsNewBrowser
  /** Whole seconds that a browser is remembered for. */
  rememberFor: number
}

const tags = ['phone']
const security = [{ session: [] }, { bearer: [] }, { dpop: [] }]
/** The problems of each route that authenticates a phone. */
const PHONE = ['authentication_required', ...OF_TOKENS, ...AWAY] as const

/** What a signed-in phone calls. Who it speaks for is decided by its session or token, by nothing in a body. */
export function phoneRoutes(app: TypedApp, options: PhoneRoutesOptions): void {
  const { approvals, authenticatePhone, current, clients, clientAddresses, codeGuard, confirmRule } = options

  function matchFor(phoneAt: ClientAddress): (browserAt: ClientAddress) => MatchKind {
    if (options.matchMode !== 'auto') return () => (options.matchMode === 'always' ? 'code' : 'none')
    return (browserAt) => (isSameNetwork(browserAt, phoneAt) ? 'none' : 'code')
  }

  /** Whether to warn of a new browser: never where its address, or what is remembered of its person, is not known. */
  async function isNew(phone: Phone, { browser, browserAt }: ApprovalRequest): Promise<boolean> {
    if (!browserAt.isKnown) return false
    return options.isNewBrowser(phone.user, { browser, ip: browserAt.address })
  }

  /** The phone as it confirms: by a passkey where one is asked for, and by its tap where not. */
  async function confirmingAs(
    phone: Phone,
    token: Token,
    found: StoredRecord | undefined,
    how: Parameters<ConfirmRule['prove']>[2],
  ): Promise<Phone> {
    if ((await confirmRule.kindFor(phone)) === 'tap') return confirmRule.byTap(phone)
    const { loginId } = token
    return confirmRule.prove(phone, { loginId, login: approvals.scannedBy(token, phone, found) }, how)
  }

  app.post(
    '/login/scan',
    {
      schema: {
        operationId: 'scanLogin',
        tags,
        security,
        summary: 'Say which code was scanned or typed; the reply says who is asking',
        description:
          'Who scans a login first owns it, and is answered the same again. Codes that are unknown or gone count, and slow down.',
        body: scanBody,
        problems: ['expired_token', 'already_scanned', ...PHONE],
        response: { 200: approvalRequest },
      },
    },
    async (request) => {
      const { body } = request
      const phone = await authenticatePhone(request, body.device_id)
      const phoneAt = clientAddresses.of(request.raw)
      const by = requestContextOf(request, clientAddresses)
      const lookUp = async () => {
        if ('token' in body) return approvals.scan(tokenOf(request, body.token), phone, matchFor(phoneAt), by)
        const userCode = parseUserCode(body.user_code)
        if (userCode === undefined) throw new ScanInError('expired_token')
        const typed = { userCode, presentedSecret: current.presentedSecret(request) }
        const scanned = await approvals.scanUserCode(typed, phone, matchFor(phoneAt), by)
        tokenOf(request, scanned.token)
        return scanned
      }
      const found = await codeGuard({ phone, address: phoneAt.address, lookUp })
      const [confirm, isNewBrowser] = await Promise.all([confirmRule.kindFor(phone), isNew(phone, found)])
      const sameNetwork = isSameNetwork(found.browserAt, phoneAt)
      // An address that may be a proxy's does not say where the browser is.
      const place = found.browserAt.isKnown ? options.placeOf(found.browserAt.address) : undefined
      const { application, returnTo } = found
      const logo = application === undefined || returnTo === undefined ? undefined : options.logoOf(returnTo)
      const { publicUrl: origin, rememberFor } = options
      return requestOnWire(found, { origin, place, logo, sameNetwork, isNewBrowser, rememberFor, confirm })
    },
  )

  app.post(
    '/login/confirm/options',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'beginConfirm',
        tags,
        security,
        summary: 'What the phone asks for a passkey by, to confirm this login and no other',
        body: tokenBody,
        problems: ['expired_token', 'not_scanned', 'passkey_required', ...PHONE],
        response: { 200: requestOptions },
      },
    },
    async (request) => {
      const token = tokenOf(request, request.body.token)
      const [asking, found] = await Promise.all([authenticatePhone(request), approvals.lookUp(token)])
      const phone = await approvals.asScanner(asking, token)
      const login = approvals.scannedBy(token, phone, found)
      return confirmRule.options(phone, { loginId: token.loginId, login })
    },
  )

  app.post(
    '/login/confirm',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'confirmLogin',
        tags,
        security,
        summary: 'Approve: the browser will be signed in as this phone is',
        description: 'At `match_required` it is signed in once `match_code` has been typed there.',
        body: confirmBody,
        problems: ['expired_token', 'not_scanned', 'passkey_required', ...PHONE],
        response: { 200: confirmationReply },
      },
    },
    async (request) => {
      const { remember = false, assertion, device_id } = request.body
      const by = requestContextOf(request, clientAddresses)
      const token = tokenOf(request, request.body.token)
      const [phone, found] = await Promise.all([authenticatePhone(request, device_id), approvals.lookUp(token)])
      const confirming = await confirmingAs(phone, token, found, { assertion, by })
      const options = { remember, presentedSecret: current.presentedSecret(request) }
      return confirmationOnWire(await approvals.confirm(token, confirming, options, { guess: found, by }))
    },
  )

  app.post(
    '/login/deny',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'denyLogin',
        tags,
        security,
        summary: 'Refuse: nobody is signed in',
        body: denyBody,
        problems: ['expired_token', 'not_scanned', ...PHONE],
        response: { 200: denial },
      },
    },
    async (request) => {
      const { device_id } = request.body
      const token = tokenOf(request, request.body.token)
      const phone = await approvals.asScanner(await authenticatePhone(request, device_id), token)
      await approvals.deny(token, phone, requestContextOf(request, clientAddresses))
      return { status: 'denied' as const }
    },
  )

  app.get(
    '/login/scan/:token',
    {
      // A phone that keeps to its pace is never refused: under load the pace gets slower.
      config: { step: 'never_refused' },
      schema: {
        operationId: 'pollScannedLogin',
        tags,
        security,
        summary: 'Poll how the scanned login goes on',
        description:
          "Held, and paced, as the browser's own poll is. Once the phone has confirmed, `interval` is two seconds at the most: `collected` is told for ten.",
        params: Type.Object({ token: tokenSchema }),
        querystring: pollQuery,
        problems: ['expired_token', ...PHONE],
        response: { 200: phoneStatus },
      },
    },
    async (request, reply) => {
      const token = tokenOf(request, request.params.token)
      const phone = await approvals.asScanner(await authenticatePhone(request), token)
      const client = clients.find(`${phone.id} ${token.loginId}`)
      refuseIfTooFast(clients.admit(client))
      const wish = takeHoldWish(request.raw, request.query)
      const hold = holdRequest(reply.raw, wish, options.paces.holdSeconds())
      const status = await approvals.status(token, phone.id, hold)
      const pace = paceOfPhone(status, options.paces.current)
      client.toldSeconds = pace.interval
      return phoneStatusOnWire(status, pace)
    },
  )
}

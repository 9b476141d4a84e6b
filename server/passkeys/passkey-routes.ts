import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { type Clock, isWithin } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { requestContextOf } from '../http/request-context.ts'
import { AWAY, nothing, shortUser } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { type BrowserName, UNKNOWN_BROWSER } from '../http/user-agent.ts'
import { isName } from '../identity/names.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SignInPhone } from '../session/phone-sign-in.ts'
import { lastProvenAt } from '../session/session.ts'
import { amrOfPasskey } from './passkey.ts'
import {
  addBody,
  assertionBody,
  beginBody,
  creationOptions,
  listedPasskey,
  passkeyId,
  passkeyOnWire,
  requestOptions,
} from './passkey-wire.ts'
import type { Passkeys, PersonAtPhone } from './passkeys.ts'

interface PasskeyRoutesOptions {
  passkeys: Passkeys
  current: CurrentSession
  signInPhone: SignInPhone
  clientAddresses: Pick<ClientAddresses, 'of'>
  clock: Clock
}

/** How long after signing in a phone may change how it signs in from then on. */
const FRESH_FOR_MS = 300_000

const tags = ['passkeys']
const security = [{ session: [] }]
/** Of who has to be signed in, and of who has to have signed in just now. */
const SIGNED_IN = ['authentication_required', ...AWAY] as const
const FRESH = ['recent_sign_in_required', ...SIGNED_IN] as const

/** A person's passkeys, and signing a phone in by one. */
export function passkeyRoutes(app: TypedApp, options: PasskeyRoutesOptions): void {
  const { passkeys, current, signInPhone, clientAddresses, clock } = options

  /**
   * A phone whose owner has proved just now who they are: neither a stolen cookie nor a phone that lies unlocked may add
   * a passkey, or take away the one that confirms are asked for.
   */
  async function requireFresh(request: FastifyRequest): Promise<PersonAtPhone> {
    const { id, session } = await current.require(request)
    if (session.kind !== 'phone') throw new ScanInError('authentication_required')
    if (!isWithin(FRESH_FOR_MS, lastProvenAt(session), clock())) throw new ScanInError('recent_sign_in_required')
    return { id, user: session.user }
  }

  app.post(
    '/passkeys/options',
    {
      schema: {
        operationId: 'beginPasskey',
        tags,
        security,
        summary: 'What a browser makes a passkey by, for a phone that has signed in within five minutes',
        description: 'A name that it may not have is refused here too, before there is one.',
        body: beginBody,
        problems: ['slow_down', ...FRESH],
        response: { 200: creationOptions },
      },
    },
    async (request) => {
      const phone = await requireFresh(request)
      const { name } = request.body ?? {}
      if (name !== undefined && !isName(name)) throw new ScanInError('invalid_request')
      return passkeys.creationOptions(phone)
    },
  )

  app.post(
    '/passkeys',
    {
      schema: {
        operationId: 'addPasskey',
        tags,
        security,
        summary: 'Add the passkey that was made',
        body: addBody,
        problems: ['passkey_refused', 'too_many_passkeys', 'slow_down', ...FRESH],
        response: { 201: listedPasskey },
      },
    },
    async (request, reply) => {
      const phone = await requireFresh(request)
      const { attestation, name } = request.body
      if (name !== undefined && !isName(name)) throw new ScanInError('invalid_request')
      const by = requestContextOf(request, clientAddresses)
      const { device } = by
      const called = name === undefined ? { name: defaultName(device), browser: device } : { name }
      const added = await passkeys.add(phone, { ...called, attestation }, by)
      return reply.code(201).send(passkeyOnWire(added))
    },
  )

  app.get(
    '/passkeys',
    {
      exposeHeadRoute: true,
      schema: {
        operationId: 'listPasskeys',
        tags,
        security,
        summary: "The person's own passkeys, the oldest first",
        problems: SIGNED_IN,
        response: { 200: Type.Object({ passkeys: Type.Array(listedPasskey) }, { title: 'PasskeyList' }) },
      },
    },
    async (request) => {
      const { session } = await current.require(request)
      return { passkeys: (await passkeys.list(session.user)).map(passkeyOnWire) }
    },
  )

  app.delete(
    '/passkeys/:id',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'removePasskey',
        tags,
        security,
        summary: 'Remove a passkey, by a phone that has signed in within five minutes',
        params: Type.Object({ id: passkeyId }),
        problems: ['not_found', ...FRESH],
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { user } = await requireFresh(request)
      const by = requestContextOf(request, clientAddresses)
      if (!(await passkeys.remove(user, request.params.id, by))) throw new ScanInError('not_found')
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/sign-in/passkey/options',
    {
      schema: {
        operationId: 'beginPasskeySignIn',
        tags,
        security: [],
        summary: 'What a browser asks for a passkey by, of whoever has one here',
        problems: ['slow_down', ...AWAY],
        response: { 200: requestOptions },
      },
    },
    (request) => passkeys.signInOptions(requestContextOf(request, clientAddresses)),
  )

  app.post(
    '/sign-in/passkey',
    {
      config: { changesSessionCookie: true },
      schema: {
        operationId: 'signInByPasskey',
        tags,
        security: [],
        summary: 'Sign a phone in by passkey',
        description: 'A session that came with the request ends with it. Wrong ones count, and slow down.',
        body: assertionBody,
        problems: ['invalid_credentials', 'slow_down', ...AWAY],
        replyHeaders: { 200: { 'Set-Cookie': "The phone's session" } },
        response: { 200: Type.Object({ user: shortUser }, { title: 'SignedIn' }) },
      },
    },
    async (request, reply) => {
      const by = requestContextOf(request, clientAddresses)
      const { passkey, user } = await passkeys.signIn(request.body.assertion, by)
      return signInPhone(request, reply, { user, amr: amrOfPasskey(passkey), by })
    },
  )
}

function defaultName({ name, os }: BrowserName): string {
  return name === UNKNOWN_BROWSER ? 'Passkey' : `${name} on ${os}`
}

import { passkey as passkeyWords } from '#messages/passkey'
import { lateModule } from '../page/late-module.ts'
import type { Assertion, Attestation, CreationOptions, RequestOptions } from '../wire/passkey-protocol.ts'

/** Why this page cannot have passkeys at all. */
export type NoPasskeys = 'insecure' | 'address' | 'unsupported'

/** Why a passkey was not used or made, in words to show. `isAborted`: the page itself ended it, so nothing is told. */
export class PasskeyError extends Error {
  readonly isAborted: boolean
  constructor(words: string, { isAborted = false, cause }: { isAborted?: boolean; cause?: unknown } = {}) {
    super(words, { cause })
    this.name = 'PasskeyError'
    this.isAborted = isAborted
  }
}

/** The browser's passkeys. Every method throws PasskeyError; one at a time is under way, and the next ends it. */
export interface Authenticator {
  /** `undefined`: this page can have passkeys. */
  readonly missing: NoPasskeys | undefined
  /** @returns also the id that the service will have for it */
  create(options: CreationOptions): Promise<{ id: string; attestation: Attestation }>
  /** @param signal ends it, and what the browser shows of it */
  get(options: RequestOptions, signal?: AbortSignal): Promise<Assertion>
  /** Whether the browser offers passkeys where it fills in names. */
  canFillIn(): Promise<boolean>
  /** As `get`, once the person picks one where the browser fills in names. */
  fillIn(options: RequestOptions, signal: AbortSignal): Promise<Assertion>
}

/** The browser's own, by a library that is loaded when it is first asked for something. */
export const pageAuthenticator: Authenticator = {
  missing: whatIsMissing(),

  create: (optionsJSON) =>
    withLibrary(async ({ startRegistration, passkeyIdOf }) => {
      const attestation = { ...(await startRegistration({ optionsJSON })) }
      return { id: await passkeyIdOf(attestation.id), attestation }
    }),

  get: (optionsJSON, signal) => authenticate({ optionsJSON }, signal),

  canFillIn: () => withLibrary(({ browserSupportsWebAuthnAutofill }) => browserSupportsWebAuthnAutofill()),

  fillIn: (optionsJSON, signal) => authenticate({ optionsJSON, useBrowserAutofill: true }, signal),
}

function authenticate(
  asked: { readonly optionsJSON: RequestOptions; readonly useBrowserAutofill?: boolean },
  signal?: AbortSignal,
): Promise<Assertion> {
  return withLibrary(async ({ startAuthentication, WebAuthnAbortService }) => {
    // Ended while the library was on its way.
    if (signal?.aborted) throw new DOMException('', 'AbortError')
    const cancel = () => WebAuthnAbortService.cancelCeremony()
    const answer = startAuthentication(asked)
    signal?.addEventListener('abort', cancel)
    try {
      return { ...(await answer) }
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  })
}

function whatIsMissing(): NoPasskeys | undefined {
  if (!isSecureContext) return 'insecure'
  if (typeof PublicKeyCredential !== 'function') return 'unsupported'
  return /^(\[.*\]|\d+(\.\d+){3})$/.test(location.hostname) ? 'address' : undefined
}

const loadModule = lateModule(() => import('./webauthn-library.ts'))
const loadLibrary = async () => (await loadModule()).library

async function withLibrary<T>(ask: (library: Awaited<ReturnType<typeof loadLibrary>>) => Promise<T>): Promise<T> {
  const library = await loadLibrary().catch((cause: unknown) => {
    throw new PasskeyError(passkeyWords.readerMissing, { cause })
  })
  try {
    return await ask(library)
  } catch (cause) {
    throw new PasskeyError(wordsOf(cause), { isAborted: nameOf(cause) === 'AbortError', cause })
  }
}

/** Browsers say little on purpose, lest a page learn who has which passkeys. */
function wordsOf(error: unknown): string {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'AbortError':
      return passkeyWords.cancelled
    case 'InvalidStateError':
      return passkeyWords.alreadyHere
    default:
      return passkeyWords.failed
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

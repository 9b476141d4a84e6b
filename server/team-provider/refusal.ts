/**
 * Why nobody was signed in, or is no more, in words of a closed list that may stand in a log.
 *
 * - `state`: begun in another browser, or before this one was signed in by a phone; answered before, or too long ago.
 * - `declined`: the provider let nobody in, or the person turned back there.
 * - `code`: the provider takes its own code no more.
 * - `client`: the provider does not take us for who we say we are, or does not like how we ask.
 * - `untrusted`: not the provider's word, or not for us: its issuer, signature, nonce, audience or time is wrong.
 * - `no_person`: it names nobody, or somebody as `identity/names.ts` has no names.
 * - `not_allowed`: somebody whom `PHONE_OIDC_ALLOW` leaves out.
 * - `blocked`: an operator has blocked them.
 * - `id_taken`: an account here has the same id or user name.
 * - `gone`: asked again, the provider vouches for them no more.
 */
export type ProviderRefusalReason =
  | 'state'
  | 'declined'
  | 'code'
  | 'client'
  | 'untrusted'
  | 'no_person'
  | 'not_allowed'
  | 'blocked'
  | 'id_taken'
  | 'gone'

interface ProviderRefusedOptions extends ErrorOptions {
  /** Nothing of a token in it: for the log. */
  detail?: string | undefined
}

/** A sign-in, or a person's word, that does not count. */
export class ProviderRefused extends Error {
  override name = 'ProviderRefused'
  readonly why: ProviderRefusalReason
  readonly detail: string | undefined

  constructor(why: ProviderRefusalReason, { detail, cause }: ProviderRefusedOptions = {}) {
    super(detail === undefined ? why : `${why}: ${detail}`, { cause })
    this.why = why
    this.detail = detail
  }
}

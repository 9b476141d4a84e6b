import { TOKEN_SECONDS } from './apps/back-end-tokens.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { SigningAlgorithm } from './keys/key-schedule.ts'
import type { SigningKeys } from './keys/key-set.ts'
import { createSigningKeys } from './keys/signing-keys.ts'
import { ID_TOKEN_SECONDS } from './oauth/provider-configuration.ts'
import type { RecordStore } from './store/record-store.ts'

/** How far behind a verifier's clock may be. */
const CLOCK_TOLERANCE_MS = 60_000

/** The algorithms to sign by: none, where neither back ends nor OpenID clients are given tokens. */
export function signingAlgorithms({ tokenAudiences, clientsFile }: Config): readonly SigningAlgorithm[] {
  if (clientsFile !== undefined) return ['EdDSA', 'RS256']
  return tokenAudiences.length === 0 ? [] : ['EdDSA']
}

export interface KeysInStoreOptions {
  config: Config
  store: RecordStore
  clock: Clock
}

/** The keys that are kept in the store. `undefined`: nothing is signed, or by those of a file. */
export function keysInStore({ config, store, clock }: KeysInStoreOptions): SigningKeys | undefined {
  const { signingKeys } = config
  const algorithms = signingAlgorithms(config)
  if (signingKeys.kind === 'file' || algorithms.length === 0) return undefined
  const longestSeconds = config.clientsFile === undefined ? TOKEN_SECONDS : Math.max(TOKEN_SECONDS, ID_TOKEN_SECONDS)
  const policy = {
    rotationMs: signingKeys.rotationMs,
    longestTokenMs: longestSeconds * 1000 + CLOCK_TOLERANCE_MS,
  }
  return createSigningKeys({ store, clock, algorithms, policy })
}

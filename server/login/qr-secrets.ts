/** A secret in a login's QR, or made for a typed code. This file says which are good, and how many are kept. */
export interface QrSecret {
  hash: string
  /** Rotated out: good until then, in epoch milliseconds. Left out: good as long as the login. */
  goodUntil?: number
  /** Made for a phone whose owner typed the code. */
  isTyped?: true
}

/** Of a login: the newest last. */
export type QrSecrets = readonly QrSecret[]

/**
 * How a browser renews its QR: the secret it shows, the new one, how long the old is good, how often it renews (ms).
 */
export interface Rotation {
  shownHash: string
  secretHash: string
  overlapMs: number
  refreshMs: number
}

/** How many rotated-out QR secrets a login keeps at the most, beyond those of a page that renews only when told to. */
const MORE_ROTATED_OUT = 15
/** How many secrets a login keeps for typed codes: its phone's owner may type the code again and again. */
const MOST_TYPED = 4

export function goodSecrets(secrets: QrSecrets, now: number): QrSecret[] {
  return secrets.filter((secret) => isGood(secret, now))
}

function isGood({ goodUntil }: QrSecret, now: number): boolean {
  return goodUntil === undefined || now < goodUntil
}

export function rotatedSecrets(secrets: QrSecrets, rotation: Rotation, now: number): QrSecrets {
  const { shownHash, secretHash, overlapMs, refreshMs } = rotation
  const rotatedOut = secrets.map(({ hash, goodUntil = now + overlapMs }) => ({ hash, goodUntil }))
  const most = MORE_ROTATED_OUT + Math.ceil(overlapMs / refreshMs)
  // If this reply is lost, as replies before it may have been, the browser knows no newer secret than the one it shows.
  const shown = rotatedOut.filter(({ hash }) => hash === shownHash)
  const stillGood = rotatedOut.filter((secret) => secret.hash !== shownHash && isGood(secret, now)).slice(1 - most)
  return [...shown, ...stillGood, { hash: secretHash }]
}

/** Once a phone has read a code: the browser may know a newer one than the phone, so all that are good stay good. */
export function keptSecrets(secrets: QrSecrets, now: number): QrSecret[] {
  return goodSecrets(secrets, now).map(({ hash }) => ({ hash }))
}

/** Once a phone has scanned the login. @param typedHash of the secret that was made for it, if the code was typed */
export function scannedSecrets(secrets: QrSecrets, typedHash: string | undefined, now: number): QrSecrets {
  // After a typed code the browser may know only secrets that are rotated out. They stay listed, but for no phone.
  const known = typedHash === undefined ? [] : secrets.filter((secret) => !isGood(secret, now))
  return withTyped([...known, ...keptSecrets(secrets, now)], typedHash)
}

/** Adds the secret of a phone whose owner typed the code. A phone that signs in anew has another one; both are good. */
export function withTyped(secrets: QrSecrets, hash: string | undefined): QrSecrets {
  if (hash === undefined || secrets.some((known) => known.hash === hash)) return secrets
  const typed = secrets.filter(({ isTyped }) => isTyped).slice(1 - MOST_TYPED)
  return [...secrets.filter(({ isTyped }) => !isTyped), ...typed, { hash, isTyped: true }]
}

/** A secret in the QR of a login, or made for a code that was typed: which of them are good, and how many are kept. */
export interface QrSecret {
  hash: string
  /** Rotated out: good until then, in epoch milliseconds. Left out: good as long as the login. */
  goodUntil?: number
  /** Made for a phone whose owner typed the code. */
  isTyped?: true
}

/** Of a login: the newest last. */
export type QrSecrets = readonly QrSecret[]

/** How a browser renews its QR: by which secret it shows, to which, and how long the old one is good, in milliseconds. */
export interface Rotation {
  shownHash: string
  secretHash: string
  overlapMs: number
  refreshMs: number
}

/** QR secrets in their overlap that a login carries along at the most, beyond those of a page that renews when it is told to. */
const MORE_ROTATED_OUT = 15
/** Secrets that a login carries along for codes that its phone's owner typed, again and again. */
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
  // Where this answer is lost, as others before it may have been, its browser knows no newer one than it has shown.
  const shown = rotatedOut.filter(({ hash }) => hash === shownHash)
  const stillGood = rotatedOut.filter((secret) => secret.hash !== shownHash && isGood(secret, now)).slice(1 - most)
  return [...shown, ...stillGood, { hash: secretHash }]
}

/** Of a login that a phone has read a code of: its browser may know a newer one than that, so both stay good from then on. */
export function keptSecrets(secrets: QrSecrets, now: number): QrSecret[] {
  return goodSecrets(secrets, now).map(({ hash }) => ({ hash }))
}

/** Once a phone has scanned the login. @param typedHash of the secret that was made for it, if the code was typed */
export function scannedSecrets(secrets: QrSecrets, typedHash: string | undefined, now: number): QrSecrets {
  // Where a code was typed, the browser may know none that is good: those that are rotated out stay, for no phone.
  const known = typedHash === undefined ? [] : secrets.filter((secret) => !isGood(secret, now))
  return withTyped([...known, ...keptSecrets(secrets, now)], typedHash)
}

/** With the secret of a phone whose owner typed the code: one who is signed in anew has another, and may go on by either. */
export function withTyped(secrets: QrSecrets, hash: string | undefined): QrSecrets {
  if (hash === undefined || secrets.some((known) => known.hash === hash)) return secrets
  const typed = secrets.filter(({ isTyped }) => isTyped).slice(1 - MOST_TYPED)
  return [...secrets.filter(({ isTyped }) => !isTyped), ...typed, { hash, isTyped: true }]
}

import type { Page } from 'playwright-core'

/** Chromium's own authenticator of software, for one page (WebAuthn §11). */
export interface VirtualAuthenticator {
  /** How many passkeys it has. */
  count(): Promise<number>
  /** Whether it knows its person: by face, finger or PIN. */
  knowsPerson(isVerified: boolean): Promise<void>
  /** Its only passkey, to be put into another. */
  copy(): Promise<Credential>
  put(credential: Credential): Promise<void>
  remove(): Promise<void>
}

/** As the DevTools protocol has it. */
export interface Credential {
  credentialId: string
  isResidentCredential: boolean
  privateKey: string
  signCount: number
  rpId?: string
  userHandle?: string
}

export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const all = async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  return {
    count: async () => (await all()).length,
    knowsPerson: async (isUserVerified) => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    async copy() {
      const [credential] = await all()
      if (credential === undefined) throw new Error('it has no passkey')
      return credential
    },
    put: async (credential) => {
      await devtools.send('WebAuthn.addCredential', { authenticatorId, credential })
    },
    remove: async () => {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    },
  }
}

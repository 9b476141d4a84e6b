/** A person, as every part of ScanIn knows one. */
export interface User {
  /** Stable and unique; never shown. */
  id: string
  /** What people see. */
  name: string
  email?: string
  groups?: string[]
}

/** Checks what a person typed. `undefined`: wrong, and nobody learns whether the name or the password was. */
export type PasswordVerifier = (username: string, password: string) => Promise<User | undefined>

/** Checks a native app's access token. `undefined`: not one of ours, expired, or not good for any other reason. */
export type BearerVerifier = (token: string) => Promise<User | undefined>

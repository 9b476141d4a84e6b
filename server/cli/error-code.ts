/** What the system calls an error, as `ENOENT`. Not by its class: Jest's tests have an `Error` of their own. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

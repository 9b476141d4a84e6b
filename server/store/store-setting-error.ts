/** A store that cannot be used as it is configured; the message says which variable to mend. */
export class StoreSettingError extends Error {
  override name = 'StoreSettingError'
}

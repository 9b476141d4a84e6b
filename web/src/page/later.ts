/**
 * What is loaded once: when it is first asked for, or ahead of that.
 * @param load rejects where it cannot be had now. It is tried again when it is next asked for
 */
export function later<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return async () => {
    loading ??= load()
    try {
      return await loading
    } catch (error) {
      loading = undefined
      throw error
    }
  }
}

/**
 * Loads something once: when it is first asked for, or ahead of that.
 * @param load rejects if it cannot be loaded now; the next call tries again
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

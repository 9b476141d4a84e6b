/** All who are told of something. */
export interface Listeners<News> {
  add(listener: (news: News) => void): void
  /** Tells all, in their order. What happens waits for none of them: they must neither throw nor wait. */
  tell(news: News): void
}

/** Opens a list of who is told, with these at its head. */
export function createListeners<News>(...first: ((news: News) => void)[]): Listeners<News> {
  const listeners = [...first]
  return {
    add: (listener) => void listeners.push(listener),
    tell(news) {
      for (const listener of listeners) listener(news)
    },
  }
}

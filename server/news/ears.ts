/** All who are told of something. */
export interface Ears<News> {
  add(hear: (news: News) => void): void
  /** Tells all, in their order. What happens waits for none of them: they must neither throw nor wait. */
  tell(news: News): void
}

/** Opens a list of who is told, with these at its head. */
export function createEars<News>(...first: ((news: News) => void)[]): Ears<News> {
  const ears = [...first]
  return {
    add: (hear) => void ears.push(hear),
    tell(news) {
      for (const hear of ears) hear(news)
    },
  }
}

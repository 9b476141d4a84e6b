import type { Clock } from '../clock.ts'
import type { FollowUps } from '../store/follow-ups.ts'

/** How sure it is that what is told has happened. With neither of these, it has. */
export interface Certainty {
  /** The store did not answer the write: it may have happened, or not. Told again once it is found to have happened. */
  isUncertain?: true
  /** It was told as uncertain then, in epoch milliseconds, and has happened. */
  wasUncertainAt?: number
}

interface TellingOptions<News> {
  clock: Clock
  followUps: FollowUps
  onNews: (news: News & Certainty) => void
}

/** Tells of writes, by a name for what each does. */
export interface Telling<News> {
  /** It is done: nobody has to find out any more. */
  tellCertain(name: string, news: News): void
  /** It may have happened: told as such, and again once it is found to have. */
  tellUncertain(name: string, news: News, hasHappened: () => Promise<boolean>): void
}

/** Tells `onNews` of writes: of a certain one once; of an uncertain one at once, and again if it has happened. */
export function createTelling<News extends object>(options: TellingOptions<News>): Telling<News> {
  const { clock, followUps, onNews } = options
  return {
    tellCertain(name, news) {
      followUps.drop(name)
      onNews(news)
    },
    tellUncertain(name, news, hasHappened) {
      onNews({ ...news, isUncertain: true })
      const wasUncertainAt = clock()
      followUps.begin(name, hasHappened, () => onNews({ ...news, wasUncertainAt }))
    },
  }
}

import type { Page } from 'playwright-core'
import type { SCREENS, SETTINGS } from './look.ts'
import type { Wire } from './wire.ts'

/** Something that a page can be showing. */
export interface State {
  /** Of its pictures; one of its group's kind. */
  name: string
  /** Where it is on, or which file of the build, with what its slots say. */
  page: string | { file: string; slots?: Readonly<Record<string, string>> }
  screen?: keyof typeof SCREENS
  setting?: keyof typeof SETTINGS
  /** What the service says there, where that is not the usual. */
  wire?: Wire
  /** Before the page begins. */
  first?: (page: Page) => Promise<unknown>
  /** On the page. */
  steps?: (page: Page) => Promise<unknown>
  /** The part that says that the state is there. */
  shows: string
  /** It is in the documents too. */
  inDocuments?: true
}

/** Presses it. */
export const press = (part: string) => (page: Page) => page.locator(part).click()

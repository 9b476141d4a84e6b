// Loaded after the login page's first view: the form for the phone's digits, the code to type, why there is no code.
import { loginForms as formWords } from '#messages/loginForms'
import type { TitledWords } from '../page/words.ts'
import type { Clock } from '../wire/clock.ts'
import type { UserCodeReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import { createLastMinute } from './last-minute.ts'
import type { LoginView } from './login-view.ts'
import { createMatchForm } from './match-form.ts'
import { createStartFailed } from './start-failed.ts'
import { createUserCodePanel } from './user-code-panel.ts'

export interface LoginFormsParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly match: (matchCode: string) => Promise<void>
  readonly userCode: () => Promise<UserCodeReply>
  /** Called when `words` has changed. */
  readonly onWords: () => void
  readonly signal: AbortSignal
}

export interface LoginForms {
  show(view: LoginView): void
  /** What to say instead of the view's own words. */
  words(view: LoginView): TitledWords | undefined
  askForCode(): Promise<void>
}

export function createLoginForms({ root, clock, match, userCode, onWords, signal }: LoginFormsParts): LoginForms {
  // If the element left the page while this module loaded, the parts in its place belong to another.
  signal.throwIfAborted()
  const form = createMatchForm({ root, clock, submit: match, signal })
  const panel = createUserCodePanel(root, userCode, signal)
  let shown: LoginView | undefined
  /** The id of the login whose code is, or was last, to be seen. */
  let login: string | undefined
  const onChange = () => {
    if (shown?.kind === 'match_required') form.hint(formWords.ending.match_required)
    onWords()
  }
  const lastMinute = createLastMinute({ root, clock, onChange, signal })
  const startFailed = createStartFailed({ root, signal })
  return {
    show(view) {
      shown = view
      lastMinute.show(view)
      startFailed.show(view)
      if (view.kind === 'match_required') form.show(view.triesLeft)
      else form.hide()
      const before = login
      if (view.kind === 'pending') login = loginIdOf(view.login.token)
      // Another login may follow one that is over without a `starting` in between.
      const isOther = before !== undefined && before !== login
      if (view.kind === 'starting' || isOther) panel.reset()
    },
    words: (view) => startFailed.words(view) ?? lastMinute.words(view),
    askForCode: panel.ask,
  }
}

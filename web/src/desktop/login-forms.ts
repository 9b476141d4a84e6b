// What the login page loads after its first view: the digits of the phone, and the code to type there.
import type { Clock } from '../wire/clock.ts'
import type { UserCodeReply } from '../wire/protocol.ts'
import type { LoginView } from './login-view.ts'
import { createMatchForm } from './match-form.ts'
import { createUserCodePanel } from './user-code-panel.ts'

export interface LoginFormsParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly match: (matchCode: string) => Promise<void>
  readonly userCode: () => Promise<UserCodeReply>
  readonly signal: AbortSignal
}

export interface LoginForms {
  show(view: LoginView): void
  askForCode(): Promise<void>
}

export function createLoginForms({ root, clock, match, userCode, signal }: LoginFormsParts): LoginForms {
  const form = createMatchForm({ root, clock, submit: match, signal })
  const panel = createUserCodePanel(root, userCode)
  return {
    show(view) {
      if (view.kind === 'match_required') form.show(view.triesLeft)
      else form.hide()
      if (view.kind === 'starting') panel.reset()
    },
    askForCode: panel.ask,
  }
}

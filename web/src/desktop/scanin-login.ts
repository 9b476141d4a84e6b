import { trouble } from '#messages/trouble'
import { findPart } from '../page/find-part.ts'
import { firstUse } from '../page/first-use.ts'
import { lateModule } from '../page/late-module.ts'
import { addSheet } from '../page/late-sheet.ts'
import { later } from '../page/later.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { pageWake } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import { untilAnswered } from '../poll/retry.ts'
import { openOtherTabs } from '../sessions/other-tabs.ts'
import { pageClock } from '../wire/clock.ts'
import { createLoginApi, type LoginApi } from '../wire/login-api.ts'
import { showGoal } from './goal.ts'
import { createKeptLogin } from './kept-login.ts'
import { leaveFor } from './leave-for.ts'
import { createLoginFlow, type LoginFlow } from './login-flow.ts'
import type { LoginForms } from './login-forms.ts'
import { type LoginView, statusWords } from './login-view.ts'
import { createQrPanel } from './qr-panel.ts'
import { isShown, setShown } from './shown.ts'
import { watchForSignIn } from './signed-in-elsewhere.ts'
import { createStatusLine } from './status-line.ts'

/** Named by the build. */
declare const LOGIN_FORMS_SHEET: string

const loadFormsModule = lateModule(() => import('./login-forms.ts'))

/**
 * Signs this browser in by a QR code. Its markup stands in the page (login.html); this brings it to life.
 * `data-state` and `data-connection` tell the style sheet what is going on. When the browser is in,
 * it fires a cancelable `scanin-authenticated` event and then leaves for the address the server named.
 */
export class ScanInLogin extends HTMLElement {
  api: LoginApi = createLoginApi({ fetch: (input, init) => fetch(input, init) })
  returnTo: string | undefined
  /** Asks for a new sign-in even from somebody who is signed in. */
  isAnew = false
  #life = new AbortController()

  connectedCallback(): void {
    this.#life = new AbortController()
    this.#run(this.#life.signal)
  }

  disconnectedCallback(): void {
    this.#life.abort()
  }

  #run(life: AbortSignal): void {
    const code = findPart(this, '.code', HTMLElement)
    const refresh = findPart(this, '#refresh', HTMLButtonElement)
    let flow: LoginFlow
    let attempt = new AbortController()
    let view: LoginView = { kind: 'starting' }
    let connection: Connection = 'steady'
    const kept = createKeptLogin({
      ...{ memory: tabMemory, returnTo: this.returnTo, page: window, sight: document },
      signal: life,
    })
    const say = createStatusLine(this)
    const qr = createQrPanel(this, pageClock, life)
    const otherWay = findPart(this, '.other-way', HTMLElement)
    let forms: LoginForms | undefined
    const loadForms = later(async () => {
      const [{ createLoginForms }] = await Promise.all([loadFormsModule(), addSheet(LOGIN_FORMS_SHEET)])
      forms = createLoginForms({
        ...{ root: this, clock: pageClock, signal: life },
        match: (matchCode) => flow.match(matchCode),
        userCode: () => flow.userCode(),
        onWords: () => speak(),
      })
      forms.show(view)
      speak()
      return forms
    })
    const tabs = openOtherTabs()

    const source = { clock: pageClock, random: Math.random, wake: pageWake, onFailure: () => undefined }

    const speak = () => {
      say((connection === 'steady' && forms?.words(view)) || statusWords(view, connection, navigator.onLine))
      this.setAttribute('data-state', view.kind)
      this.setAttribute('data-connection', connection)
    }
    // Keyboard users go on from here if the part that had the focus is gone, and not from the top of the page.
    const keepFocus = (held: Element | null) => {
      if (held === null || held !== document.activeElement || isShown(held)) return
      if (isShown(refresh)) refresh.focus()
      else code.focus()
    }
    const onView = (next: LoginView) => {
      view = next
      const held = this.contains(document.activeElement) ? document.activeElement : null
      qr.show(view)
      if (view.kind === 'pending') showGoal(this, view.login.application)
      setShown(otherWay, view.kind === 'starting' || view.kind === 'pending')
      forms?.show(view)
      if (view.kind === 'match_required') void untilAnswered(loadForms, { ...source, signal: attempt.signal })
      // The forms have the reason of a final failure: both are said as one. The service answers, so they can be loaded.
      if (view.kind === 'start_failed' && view.isOver) void loadForms().then(speak, speak)
      else speak()
      keepFocus(held)
      if (view.kind === 'authenticated') void this.#leave(view.redirectTo, life)
    }
    const start = () => {
      attempt.abort()
      attempt = new AbortController()
      connection = 'steady'
      const onConnection = (next: Connection) => {
        if (next === connection) return
        connection = next
        speak()
      }
      flow = createLoginFlow({
        ...source,
        api: this.api,
        isHidden: () => document.hidden,
        returnTo: this.returnTo,
        isAnew: this.isAnew,
        kept,
        onView: (next) => {
          if (next.kind === 'authenticated') tabs.tell()
          onView(next)
        },
        onConnection,
        signal: attempt.signal,
      })
      void flow.run()
    }

    const onRefresh = () => {
      // The flow still tries to get a code. Starting another flow would get none sooner.
      if (view.kind === 'start_failed' && !view.isOver) return flow.tryNow()
      kept.forget()
      start()
    }
    const onStartOver = () => {
      // The server forgets a login by itself in time: a failure to tell it is no reason to keep anybody waiting.
      void flow.drop().catch(() => undefined)
      start()
    }
    const onSignedIn = (userName: string) => {
      // A phone has scanned this login, so it goes on by itself.
      if (view.kind === 'scanned' || view.kind === 'match_required' || view.kind === 'authenticated') return
      attempt.abort()
      // The server redirects this page for whoever is signed in.
      onView({ kind: 'authenticated', userName, redirectTo: location.href })
    }
    const onAskForCode = async () => {
      try {
        await (await loadForms()).askForCode()
      } catch {
        findPart(otherWay, '.message', HTMLElement).textContent = trouble.unreachable
      }
    }
    findPart(otherWay, '#user-code', HTMLElement).addEventListener('click', onAskForCode, { signal: life })
    refresh.addEventListener('click', onRefresh, { signal: life })
    for (const button of ['#start-over', '#more-time']) {
      findPart(this, button, HTMLButtonElement).addEventListener('click', onStartOver, { signal: life })
    }
    if (!this.isAnew) watchForSignIn({ api: this.api, tabs, page: document, onSignedIn, signal: life })
    // Starts as a newly loaded page does: a later page of this tab may have taken the login that it kept, and ended it.
    const onPageShow = ({ persisted }: PageTransitionEvent) => {
      if (persisted && view.kind !== 'authenticated') start()
    }
    window.addEventListener('pageshow', onPageShow, { signal: life })
    // The words also depend on whether the network is away.
    for (const change of ['online', 'offline']) window.addEventListener(change, speak, { signal: life })
    life.addEventListener('abort', () => {
      attempt.abort()
      tabs.close()
    })
    start()
    // Loads the forms before they are needed: there may be no connection then.
    void firstUse({ page: document, clock: pageClock, signal: life })
      .then(loadForms)
      .catch(() => undefined)
  }

  async #leave(redirectTo: string, life: AbortSignal): Promise<void> {
    const event = new CustomEvent('scanin-authenticated', { bubbles: true, cancelable: true, detail: { redirectTo } })
    if (!this.dispatchEvent(event)) return
    await leaveFor(redirectTo, { page: document, location, clock: pageClock, signal: life })
  }
}

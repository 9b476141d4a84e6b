import { findPart } from '../page/find-part.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { loginWords } from '../page/words.ts'
import { pageWake } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import { type Api, createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import { showGoal } from './goal.ts'
import { createKeptLogin } from './kept-login.ts'
import { createLoginFlow, type LoginFlow } from './login-flow.ts'
import { type LoginView, statusWords } from './login-view.ts'
import { createMatchForm } from './match-form.ts'
import { createQrPanel } from './qr-panel.ts'
import { createUserCodePanel } from './user-code-panel.ts'

/**
 * Signs this browser in by a QR code. Its markup stands in the page (index.html); this brings it to life.
 * `data-state` and `data-connection` tell the style sheet what is going on. When the browser is in,
 * it fires a cancelable `scanin-authenticated` event and then leaves for the address the server named.
 */
export class ScanInLogin extends HTMLElement {
  api: Api = createApi({ fetch: (input, init) => fetch(input, init) })
  returnTo: string | undefined
  #life = new AbortController()

  connectedCallback(): void {
    this.#life = new AbortController()
    this.#run(this.#life.signal)
  }

  disconnectedCallback(): void {
    this.#life.abort()
  }

  #run(life: AbortSignal): void {
    const status = findPart(this, '#status', HTMLElement)
    let flow: LoginFlow
    let attempt = new AbortController()
    let view: LoginView = { kind: 'starting' }
    let connection: Connection = 'steady'
    const kept = createKeptLogin({ memory: tabMemory, returnTo: this.returnTo, page: window, signal: life })
    const qr = createQrPanel(this, pageClock, life)
    const match = createMatchForm(this, (code) => flow.match(code))
    const userCode = createUserCodePanel(this, () => flow.userCode())

    const speak = () => {
      const words = connection === 'reconnecting' ? loginWords.reconnecting : statusWords(view)
      if (status.textContent !== words) status.textContent = words
      this.setAttribute('data-state', view.kind)
      this.setAttribute('data-connection', connection)
    }
    const onView = (next: LoginView) => {
      view = next
      qr.show(view)
      if (view.kind === 'pending') showGoal(this, view.login.application)
      if (view.kind === 'match_required') match.show()
      else match.hide()
      if (view.kind === 'starting') userCode.reset()
      else if (view.kind !== 'pending') userCode.hide()
      speak()
      if (view.kind === 'authenticated') this.#leave(view.redirectTo)
    }
    const start = () => {
      attempt.abort()
      attempt = new AbortController()
      connection = 'steady'
      const onConnection = (next: Connection) => {
        connection = next
        speak()
      }
      flow = createLoginFlow({
        api: this.api,
        clock: pageClock,
        random: Math.random,
        wake: pageWake,
        isHidden: () => document.hidden,
        returnTo: this.returnTo,
        kept,
        onView,
        onConnection,
        signal: attempt.signal,
      })
      void flow.run()
    }

    const onRefresh = () => {
      kept.forget()
      start()
    }
    const onStartOver = () => {
      // The server forgets a login by itself in time: a failure to tell it is no reason to keep anybody waiting.
      void flow.drop().catch(() => undefined)
      start()
    }
    findPart(this, '#refresh', HTMLButtonElement).addEventListener('click', onRefresh, { signal: life })
    findPart(this, '#start-over', HTMLButtonElement).addEventListener('click', onStartOver, { signal: life })
    life.addEventListener('abort', () => attempt.abort())
    start()
  }

  #leave(redirectTo: string): void {
    const event = new CustomEvent('scanin-authenticated', { bubbles: true, cancelable: true, detail: { redirectTo } })
    const target = new URL(redirectTo, location.href)
    // The server has checked it; `javascript:` would run here even so.
    if (!/^https?:$/.test(target.protocol)) target.href = '/home'
    // As with any redirect (RFC 9110 §10.2.2): a fragment that came here on the way to an application goes on with it.
    if (target.hash === '') target.hash = location.hash
    if (this.dispatchEvent(event)) location.replace(target)
  }
}

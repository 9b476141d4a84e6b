// The script of oauth-form-post.html: sends the one form that it has, which a person without scripts does by its button.

import { pageStarted } from '../page/page-started.ts'

/** The form holds a code that is good once: sent twice, it is refused, and what it gave is withdrawn. */
const stop = (event: Event) => event.preventDefault()

pageStarted()
const [form] = document.forms
form?.submit()
form?.addEventListener('submit', stop)
// If the browser brings the page back as it was left, the person may press the button.
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) form?.removeEventListener('submit', stop)
})

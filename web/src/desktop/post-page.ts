// The script of oauth-form-post.html: sends the one form that it has, which a person without scripts does by its button.

import { pageStarted } from '../page/page-started.ts'

/** A code is good once: shown twice it is nobody's, and neither is what came of it. */
const stop = (event: Event) => event.preventDefault()

pageStarted()
const [form] = document.forms
form?.submit()
form?.addEventListener('submit', stop)
// Whoever comes back to the page as it was left may press.
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) form?.removeEventListener('submit', stop)
})

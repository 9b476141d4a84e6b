// The script of index.html: names the element, apart from its class, so that a test or another page may name its own.
import { startLanguageChooser } from '../page/language-chooser.ts'
import { pageStarted } from '../page/page-started.ts'
import { ScanInLogin } from './scanin-login.ts'

// The server checks the address and its length. One that is too long for any request is dropped here, so that signing
// in works without it.
const LONGEST_RETURN_TO = 3200
const query = new URLSearchParams(location.search)
const asked = query.get('return_to')

class PageLogin extends ScanInLogin {
  override returnTo = asked !== null && asked.length <= LONGEST_RETURN_TO ? asked : undefined
  override isAnew = query.has('prompt')

  override connectedCallback(): void {
    super.connectedCallback()
    startLanguageChooser()
    pageStarted()
  }
}

customElements.define('scanin-login', PageLogin)

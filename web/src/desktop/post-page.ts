// The script of oauth-form-post.html: sends the one form that it has, which a person without scripts does by its button.

import { pageStarted } from '../page/page-started.ts'

pageStarted()
document.forms[0]?.submit()

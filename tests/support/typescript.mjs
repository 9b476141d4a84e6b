// Lets plain Node run the tests' TypeScript (`node --import`), as Jest does: types are stripped, nothing is checked.
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)

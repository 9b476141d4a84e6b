// Gives programs that are written for the API of TypeScript 5 one (`node --import`): 7 has none yet that is to stay.
import { register } from 'node:module'

const hook = `export const resolve = (name, context, next) => next(name === 'typescript' ? 'typescript-5' : name, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

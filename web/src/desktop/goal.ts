import { findPart } from '../page/find-part.ts'
import { applicationWords } from '../page/words.ts'
import type { Application } from '../wire/protocol.ts'

/** Says what the login is for, in the place of the words under the heading, unless that is this site itself. */
export function showGoal(root: ParentNode, application: Application | undefined): void {
  const goal = findPart(root, '.goal', HTMLElement)
  goal.hidden = application === undefined
  findPart(root, '.lead', HTMLElement).hidden = application !== undefined
  if (application === undefined) return
  const { name, place } = applicationWords(application)
  findPart(goal, '.goal-name', HTMLElement).textContent = name
  findPart(goal, '.goal-place', HTMLElement).textContent = place
}

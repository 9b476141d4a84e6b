import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { endLater } from '../../support/end-later.ts'
import { type CrowdFigures, createTally } from './tally.ts'

export interface CrowdOrder {
  instances: readonly string[]
  publicUrl: string
  browsers: number
  /** Browsers arrive one after the other over this time: those that arrived together would ask together. */
  arriveOverMs: number
  seed: number
}

/** Browsers that wait, in a process of their own. */
export interface Crowd {
  figures(): CrowdFigures
  /** All are closed. @returns what they saw */
  leave(): Promise<CrowdFigures>
}

const TYPESCRIPT = join(import.meta.dirname, '../../support/typescript.mjs')

export function gatherCrowd(order: CrowdOrder): Crowd {
  const child = fork(join(import.meta.dirname, 'crowd-process.ts'), { execArgv: ['--import', TYPESCRIPT] })
  const hasEnded = endLater(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let figures = createTally().figures()
  child.on('message', (told: CrowdFigures) => {
    figures = told
  })
  child.send(order)
  return {
    figures: () => figures,
    async leave() {
      child.send('leave')
      const [code] = await exited
      hasEnded()
      if (code !== 0) throw new Error(`the crowd ended with ${code}`)
      return figures
    },
  }
}

/** Runs a task once those before it under the same key are done, however they ended. */
export type InTurn = <Result>(key: string, task: () => Promise<Result>) => Promise<Result>

/**
 * For records that many write at once. Compare-and-set lets one of them through a round trip and sends the rest back to
 * read again; in turn, each of this process gets through at its first try, and only other processes are in its way.
 */
export function createInTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return (key, task) => {
    const done = (last.get(key) ?? Promise.resolve()).then(task, task)
    const forget = () => {
      if (last.get(key) === done) last.delete(key)
    }
    last.set(key, done)
    done.then(forget, forget)
    return done
  }
}

// How test files find Jest, in a worker that has modules once (bare-runtime.cjs).

const GLOBALS = new URL('./bare-globals.mjs', import.meta.url).href

export function resolve(name, context, next) {
  return name === '@jest/globals' ? { url: GLOBALS, shortCircuit: true } : next(name, context)
}

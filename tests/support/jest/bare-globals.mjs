// '@jest/globals' of whichever file runs: modules that several files import have them once.
const given = () => globalThis[Symbol.for('scanin.jest')]

/** @param {string} name of what a file is given */
const ofTheFile = (name) =>
  new Proxy(() => {}, {
    apply: (_target, _self, values) => given()[name](...values),
    get: (_target, key) => given()[name][key],
  })

export const afterAll = ofTheFile('afterAll')
export const afterEach = ofTheFile('afterEach')
export const beforeAll = ofTheFile('beforeAll')
export const beforeEach = ofTheFile('beforeEach')
export const describe = ofTheFile('describe')
export const expect = ofTheFile('expect')
export const jest = ofTheFile('jest')
export const test = ofTheFile('test')

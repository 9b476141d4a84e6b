import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

/** Counts this build too. A second fix may follow the first within the hour. */
const BUILDS_KEPT = 3

/**
 * Notes what a build has made. A running service, or an open page, may ask for hours yet for what it was built with.
 * @param file where each build's names are kept, the newest build's first
 * @param names of what this build has made, in any order. A build with the names of an earlier one takes its place
 * @returns {string[]} the names that are to stay
 */
export function noteBuild(file, names) {
  const made = [...names].sort()
  const earlier = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []).filter(
    (build) => String(build) !== String(made),
  )
  const builds = [made, ...earlier].slice(0, BUILDS_KEPT)
  writeInOneStep(file, JSON.stringify(builds, undefined, 1))
  return builds.flat()
}

/** In one step: a service that runs may be reading it. */
export function writeInOneStep(path, body) {
  writeFileSync(`${path}.new`, body)
  renameSync(`${path}.new`, path)
}

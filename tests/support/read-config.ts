import { type Config, readAllConfig } from '../../server/config/config.ts'
import type { Environment } from '../../server/config/environment.ts'

/**
 * Reads the configuration as a start does that has no other files to judge.
 * @throws ConfigError that names every bad variable in one message
 */
export function readConfig(env: Environment, lanAddress: string, readFile: (path: string) => string): Config {
  const { config, reader } = readAllConfig(env, lanAddress, readFile)
  reader.throwIfBad()
  return config
}

import type { Version } from './record-store.ts'

/**
 * Compares and sets all of these records, or none. A record's version is its own text: no counter is stored beside it.
 * A Redis that is full refuses every `SET`, but not one that follows a write in the same script, as after a `DEL`. So a
 * text that is no longer than the one it replaces goes through, and after the first `SET` none is refused.
 * A record that existed is told of on the channel, as `key text`, or `key` if it was removed. Nobody waits for one that
 * did not exist.
 * ARGV: channel; then for each key what has to be there (`any`, nothing, or this text), the text to set, and its expiry
 * in epoch milliseconds. Without a text: removes.
 */
export const COMPARE_AND_SET = `
local before = {}
local fits = true
for i, key in ipairs(KEYS) do
  local expected, text = ARGV[3 * i - 1], ARGV[3 * i]
  local current = redis.call('GET', key) or ''
  if expected ~= 'any' and expected ~= current then return 0 end
  if text == '' and current == '' then return 0 end
  if #text > #current then fits = false end
  before[i] = current
end
for i, key in ipairs(KEYS) do
  local text, expiry = ARGV[3 * i], ARGV[3 * i + 1]
  if text == '' then
    redis.call('DEL', key)
  else
    local done = redis.pcall('SET', key, text, 'PXAT', expiry)
    if done.err then
      if not (fits and string.find(done.err, 'OOM')) then return done end
      redis.call('DEL', key)
      redis.call('SET', key, text, 'PXAT', expiry)
    end
  end
  if before[i] ~= '' then redis.call('PUBLISH', ARGV[1], text == '' and key or key .. ' ' .. text) end
end
return 1`

export interface Setting {
  /** With the prefix. */
  key: string
  /** Empty: removes. */
  text: string
  expiresAt: number
  /** `null`: there has to be nothing; left out: whatever. */
  ifVersion: Version | null | undefined
}

/** What the script is called with: the number of keys, the keys, and ARGV. */
export function scriptArgs(settings: readonly Setting[], channel: string): string[] {
  const keys = settings.map(({ key }) => key)
  const each = settings.flatMap(({ ifVersion, text, expiresAt }) => [
    ifVersion === undefined ? 'any' : (ifVersion ?? ''),
    text,
    String(expiresAt),
  ])
  return [String(keys.length), ...keys, channel, ...each]
}

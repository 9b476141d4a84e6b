import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess, untilReady } from './child-process.ts'
import { freePort } from './free-port.ts'
import { createClient } from './http-client.ts'
import { ROOT } from './service.ts'

/** The first block in this language of docs/back-ends.md, below a heading of this level. */
function snippet(level: '##' | '###', language: string): string {
  const sections = readFileSync(join(ROOT, 'docs/back-ends.md'), 'utf8').split(new RegExp(`^${level} `, 'm'))
  const [text] = sections
    .slice(1)
    .flatMap((section) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(section)?.[1] ?? [])
  if (text === undefined) throw new Error(`docs/back-ends.md has nothing in ${language}`)
  return text
}

/** The script of a page that asks such a back end. */
export const pageSnippet = () => snippet('##', 'js')

// Debian's own, which has Debian's library, whatever else is called python3 here.
const SAMPLES = {
  js: { file: 'back-end.mjs', command: () => process.execPath },
  python: { file: 'back_end.py', command: () => process.env['PYTHON'] ?? '/usr/bin/python3' },
}

/** Runs a back end of docs/back-ends.md as it stands there, out of a folder of the test's own. @returns its address */
export async function startSampleBackEnd(
  language: keyof typeof SAMPLES,
  folder: string,
  env: { ISSUER: string; AUDIENCE: string; PAGE_ORIGIN: string; NODE_OPTIONS?: string },
): Promise<string> {
  const { file, command } = SAMPLES[language]
  writeFileSync(join(folder, file), snippet('###', language))
  // Where the back end in Node finds its library.
  if (language === 'js') symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const port = await freePort()
  const running = startProcess(command(), [join(folder, file)], {
    env: { PATH: process.env['PATH'], PORT: String(port), ...env },
  })
  const url = `http://127.0.0.1:${port}`
  const client = createClient(url)
  await untilReady(running, () =>
    client.get('/').then(
      ({ status }) => status === 401,
      () => false,
    ),
  )
  return url
}

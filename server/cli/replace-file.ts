import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../errors.ts'

/** What a new file is made for: whoever runs the command. */
const FOR_ITS_OWNER = 0o600
/** The errors where a file is a mount of its own, or its folder does not let us replace somebody else's file. */
const NOT_IN_ITS_PLACE = new Set(['EBUSY', 'EXDEV', 'EPERM', 'EACCES'])

/**
 * Puts a text into a file, whole or not at all, also where the process or the machine dies in between: another file beside
 * it, with its mode and owner, takes its place. Where that cannot be it is written over, which is whole unless it is cut
 * short; then the other file still has the text. The caller holds the file's lock.
 * @param path no symbolic link
 * @param ready called once nothing but the change itself is left to do
 */
export async function replaceFile(
  path: string,
  text: string,
  ready: () => Promise<void>,
  takePlace: typeof rename = rename,
): Promise<void> {
  const beside = `${path}.new`
  await rm(beside, { force: true })
  const isAlike = await writeBeside(beside, text, path)
  try {
    await ready()
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  if (!isAlike || !(await takesPlace(() => takePlace(beside, path)))) {
    await writeOver(path, text)
    await rm(beside, { force: true })
  }
  await sync(dirname(path))
}

/** @returns whether it has the other's mode and owner */
async function writeBeside(path: string, text: string, like: string): Promise<boolean> {
  const model = await stat(like).catch(() => undefined)
  return withFile(path, 'wx', async (file) => {
    await file.writeFile(text)
    const isAlike = model === undefined || (await isGivenTo(file, model.uid, model.gid))
    if (model !== undefined && isAlike) await file.chmod(model.mode & 0o7777)
    await file.sync()
    return isAlike
  })
}

async function isGivenTo(file: FileHandle, uid: number, gid: number): Promise<boolean> {
  const own = await file.stat()
  if (own.uid === uid && own.gid === gid) return true
  return file.chown(uid, gid).then(
    () => true,
    () => false,
  )
}

async function takesPlace(takePlace: () => Promise<void>): Promise<boolean> {
  try {
    await takePlace()
    return true
  } catch (error) {
    if (NOT_IN_ITS_PLACE.has(codeOf(error) ?? '')) return false
    throw error
  }
}

function writeOver(path: string, text: string): Promise<void> {
  return withFile(path, 'r+', async (file) => {
    const bytes = Buffer.from(text)
    await file.writeFile(bytes)
    await file.truncate(bytes.length)
    await file.sync()
  })
}

/** Has a file, or what a folder has in it, on the disk itself. */
export async function sync(path: string): Promise<void> {
  await withFile(path, 'r', (file) => file.sync())
}

async function withFile<Result>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags, FOR_ITS_OWNER)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

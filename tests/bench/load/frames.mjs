// Carries many connections' bytes over one. A frame: connection number and byte count, four bytes each, then the bytes.
// No bytes: the connection ends.
const HEAD_BYTES = 8
const NOTHING = Buffer.alloc(0)

/** @param text in latin1, or bytes */
function frameOf(id, text) {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + text.length)
  frame.writeUInt32BE(id, 0)
  frame.writeUInt32BE(text.length, 4)
  if (typeof text === 'string') frame.latin1Write(text, HEAD_BYTES)
  else text.copy(frame, HEAD_BYTES)
  return frame
}

/** Frames that are written in one turn go out together. @returns a function that writes a frame */
export function framesTo(connection) {
  let isCorked = false
  return (id, text) => {
    if (!isCorked) {
      isCorked = true
      connection.cork()
      setImmediate(() => {
        isCorked = false
        connection.uncork()
      })
    }
    connection.write(frameOf(id, text))
  }
}

/** Takes chunks as they come, and calls back with each frame. */
export class Frames {
  #rest = NOTHING
  #onFrame

  /** @param onFrame called with the connection's number and its bytes, good during the call; none when it ends */
  constructor(onFrame) {
    this.#onFrame = onFrame
  }

  read(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 4)
      if (bytes.length < end) break
      this.#onFrame(bytes.readUInt32BE(at), bytes.subarray(at + HEAD_BYTES, end))
      at = end
    }
    this.#rest = bytes.subarray(at)
  }
}

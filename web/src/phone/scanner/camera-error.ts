export type CameraTrouble = 'insecure' | 'refused' | 'missing' | 'busy' | 'stopped'

export class CameraError extends Error {
  readonly trouble: CameraTrouble
  constructor(trouble: CameraTrouble, options?: ErrorOptions) {
    super(`camera ${trouble}`, options)
    this.name = 'CameraError'
    this.trouble = trouble
  }
}

/** What is the matter when the browser gives no camera (Media Capture and Streams, getUserMedia's steps). */
export function cameraErrorOf(error: unknown): CameraError {
  return error instanceof CameraError ? error : new CameraError(troubleOf(error), { cause: error })
}

function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  return 'busy'
}

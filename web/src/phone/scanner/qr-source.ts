/** What is read: the camera's film, or a picture that was drawn. */
export type QrSource = HTMLVideoElement | HTMLCanvasElement

/** A film ends when somebody lets go of the camera, also while it is being read: no reader is to blame for that. */
export const hasPicture = (source: QrSource): boolean =>
  source instanceof HTMLCanvasElement || source.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA

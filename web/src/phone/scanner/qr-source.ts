/** What is read: the camera's film, or a picture that was drawn. */
export type QrSource = HTMLVideoElement | HTMLCanvasElement

/** Whether it has a picture. The camera may be let go of while it is read: that is not the reader's fault. */
export const hasPicture = (source: QrSource): boolean =>
  source instanceof HTMLCanvasElement || source.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA

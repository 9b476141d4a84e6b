import { scanner as scannerWords } from '#messages/scanner'
/** What some cameras have beyond a picture (Image Capture, and Media Capture's `applyConstraints`), where browsers tell. */
export interface CameraControls {
  readonly torch: { set(isOn: boolean): Promise<void> } | undefined
  readonly zoom: { readonly range: ZoomRange; set(factor: number): Promise<void> } | undefined
}

export interface ZoomRange {
  readonly min: number
  readonly max: number
  readonly step: number
  readonly value: number
}

export interface Lens {
  readonly deviceId: string
  readonly label: string
}

// Beyond this a camera only shows its own pixels, and a slider no finger's width.
const MOST_ZOOM = 8

interface Constraints extends MediaTrackConstraintSet {
  torch?: boolean
  zoom?: number
}

export function controlsOf(track: MediaStreamTrack): CameraControls {
  // Firefox has had it since 132.
  const capabilities: object = 'getCapabilities' in track ? track.getCapabilities() : {}
  const first = track.getConstraints()
  const chosen = new Map<string, Constraints>()
  // Applying constraints drops all earlier ones, so all are sent.
  const apply = (name: string, constraints: Constraints) => {
    chosen.set(name, constraints)
    return track.applyConstraints({ ...first, advanced: [...chosen.values()] })
  }
  const range = zoomRangeOf(capabilities, track.getSettings())
  return {
    torch:
      'torch' in capabilities && capabilities.torch === true
        ? { set: (isOn) => apply('torch', { torch: isOn }) }
        : undefined,
    zoom: range && { range, set: (factor) => apply('zoom', { zoom: factor }) },
  }
}

function zoomRangeOf(capabilities: object, settings: object): ZoomRange | undefined {
  const zoom: unknown = 'zoom' in capabilities ? capabilities.zoom : undefined
  if (typeof zoom !== 'object' || zoom === null) return undefined
  const [min, max, step] = [numberIn(zoom, 'min'), numberIn(zoom, 'max'), numberIn(zoom, 'step')]
  if (min === undefined || max === undefined || min <= 0 || max <= min) return undefined
  return { min, max: Math.min(max, min * MOST_ZOOM), step: step || 0.1, value: numberIn(settings, 'zoom') ?? min }
}

function numberIn(from: object, name: string): number | undefined {
  const value: unknown = Reflect.get(from, name)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The cameras of the device. Their names are there only once one of them may be used. */
export async function lenses(): Promise<readonly Lens[]> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => [])
  const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
  const names = lensNames(cameras.map(({ label }) => label))
  return cameras.map(({ deviceId }, at) => ({ deviceId, label: names[at] ?? '' }))
}

/**
 * Names that people know, each once. Android's are like `camera2 0, facing back`; iPhones' are good, and in the person's
 * language.
 */
export function lensNames(labels: readonly string[]): readonly string[] {
  const names = labels.map((label) => {
    const [, facing] = /facing (back|front)/.exec(label) ?? []
    if (facing === undefined) return label.trim() || scannerWords.lens.other
    return facing === 'back' ? scannerWords.lens.back : scannerWords.lens.front
  })
  return names.map((name, at) => {
    if (names.indexOf(name) === names.lastIndexOf(name)) return name
    return `${name} ${names.slice(0, at + 1).filter((other) => other === name).length}`
  })
}

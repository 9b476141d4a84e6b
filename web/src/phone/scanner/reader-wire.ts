// What page and worker say to each other.

/** A picture for the worker: pixels that it takes over, or a bitmap that it draws itself, where it can. */
export type ReaderPicture =
  | ImageBitmap
  | { readonly width: number; readonly height: number; readonly data: ArrayBuffer }

/** First, once, the reader's WebAssembly: the worker itself may load nothing. Then pictures. */
export type ReaderQuestion =
  | { readonly kind: 'begin'; readonly wasm: ArrayBuffer }
  | {
      readonly kind: 'read'
      readonly picture: ReaderPicture
      /** There will be no next picture. */
      readonly thoroughly: boolean
    }

/** One for each question, in their order. */
export type ReaderAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'read'; readonly text: string | undefined }
  | { readonly kind: 'failed'; readonly why: string }

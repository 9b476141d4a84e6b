/** A reply of the headers and length of ScanIn's to a pending poll, for the servers it is compared with. */
export const REPLY_BODY = '{"status":"pending","expires_in":299,"interval":2,"hold":2}'
export const REPLY_HEADERS = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'private, no-cache, no-store, must-revalidate, no-transform',
  'content-type': 'application/json; charset=utf-8',
  'content-length': Buffer.byteLength(REPLY_BODY),
}

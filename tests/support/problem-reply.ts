/** A refusal in the form of the service's own, for a page to be answered with. @param headers beyond the type */
export const problemReply = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers,
  contentType: 'application/problem+json',
  body: JSON.stringify({ status, code, title: 'No' }),
})

/** What is heard of a service that is being stopped. Which of each kind it is depends on the moment alone. */

/** In a page's console, of requests that were on their way or came too late. */
export const COMPLAINTS_OF_AN_OUTAGE =
  /ERR_(CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/

/** From a client: a connection that is not taken any more, or was taken just before and dropped unread. */
export const NOT_TAKEN = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up/

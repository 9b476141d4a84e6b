import type { Cookies } from '../cookies.ts'

/** What a request may have to come with, as routes name it in `security`. */
export function securitySchemes(cookies: Cookies): Record<string, object> {
  return {
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: cookies.sessionName,
      description:
        "A session of a phone or of a browser: an HttpOnly cookie. What changes state with it has to come from ScanIn's own " +
        'pages or from one of `ALLOWED_ORIGINS`, by `Sec-Fetch-Site` or `Origin`; else 403 `cross_site_request`.',
    },
    browserKey: {
      type: 'apiKey',
      in: 'cookie',
      name: cookies.browserKeyName('LOGIN_ID'),
      description:
        "The secret half of a login: an HttpOnly cookie of the browser that started it, named by the token's first 16 " +
        'characters, for which `LOGIN_ID` stands. With another, or none, a login is unknown.',
    },
    application: {
      type: 'apiKey',
      in: 'cookie',
      name: cookies.applicationName,
      description:
        "What lets a browser in at one application: an HttpOnly cookie of that one's host, over https `__Host-scanin_app`. It is " +
        'good for what its proxy asks, and for nothing else.',
    },
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: "A native app's token of the team's own identity provider (`PHONE_…` in the configuration).",
    },
    dpop: {
      type: 'http',
      scheme: 'DPoP',
      description:
        'The same where the token is bound to a key (`cnf.jkt`): with a header `DPoP`, a proof made for this request alone (RFC ' +
        "9449 §4.2). Its `htu` is of ScanIn's public URL, and its `iat` within five minutes of the reply's `Date`.",
    },
  }
}

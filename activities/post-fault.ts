import { BlockedAddress } from './address-guard.ts';

export interface PostFault {
  errorClass: string;
  /** For the operator: "The certificate has expired (CERT_HAS_EXPIRED)". */
  words: string;
  /** No later attempt can succeed. */
  final?: boolean;
}

interface Kind {
  /** Matches `code message` of the error. */
  matches: RegExp;
  errorClass: string;
  words: string;
  /** The code says no more than the words. */
  withoutCode?: true;
}

/** The first that matches. */
const kinds: Kind[] = [
  { matches: /^ECONNREFUSED /, errorClass: 'refused', words: 'Connection refused', withoutCode: true },
  { matches: /^(ENOTFOUND|ENODATA|EAI_\w+) /, errorClass: 'dns', words: 'The host name does not resolve' },
  {
    matches: /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT) /,
    errorClass: 'network',
    words: 'The host cannot be reached',
  },

  { matches: /^CERT_HAS_EXPIRED /, errorClass: 'tls', words: 'The certificate has expired' },
  { matches: /^CERT_NOT_YET_VALID /, errorClass: 'tls', words: 'The certificate is not valid yet' },
  { matches: /^DEPTH_ZERO_SELF_SIGNED_CERT /, errorClass: 'tls', words: 'The certificate is self-signed' },
  {
    matches: /^(SELF_SIGNED_CERT_IN_CHAIN|CERT_SIGNATURE_FAILURE) /,
    errorClass: 'tls',
    words: 'The certificate comes from an authority that is not trusted here',
  },
  {
    matches: /^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT\w*) /,
    errorClass: 'tls',
    words: 'The certificate comes from an unknown authority, or an intermediate certificate is not sent along',
  },
  {
    matches: /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST) /,
    errorClass: 'tls',
    words: 'What listens there does not speak TLS',
  },
  { matches: /^\S*(CERT|TLS|SSL|EPROTO)/, errorClass: 'tls', words: 'TLS failed' },

  {
    matches: /^UND_ERR_HEADERS_OVERFLOW /,
    errorClass: 'protocol',
    words: 'The head of the answer is larger than 16 KiB',
    withoutCode: true,
  },
  {
    // Assertions are undici's judgement of status lines such as "HTTP/1.1 000".
    matches: /^(HPE_\w+|HTTPParserError|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_ASSERTION) /,
    errorClass: 'protocol',
    words: 'The answer is not valid HTTP',
  },
  {
    matches: /^UND_ERR_SOCKET bad /,
    errorClass: 'protocol',
    words: 'The receiver answered 100 Continue or 101 Switching Protocols, which nobody asked for',
    withoutCode: true,
  },
  {
    matches: /^(ECONNRESET|EPIPE|UND_ERR_SOCKET) /,
    errorClass: 'reset',
    words: 'The connection was closed before the answer was complete',
    withoutCode: true,
  },
];

/** Says what kept a POST from its complete answer. `isInHandshake`: connected, and TLS was not through yet. */
export function faultOf(
  error: unknown,
  { deadlineMs, isInHandshake }: { deadlineMs: number; isInHandshake: boolean },
): PostFault {
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (cause instanceof BlockedAddress) return { errorClass: 'blocked_address', words: cause.message, final: true };
  const { code, message } = partsOf(cause);
  if (code === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return { errorClass: 'timeout', words: `No answer within ${deadlineMs / 1000} s` };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { errorClass: 'tls', words: `${wrongName(cause)} (${code})` };
  }
  const kind = kinds.find(({ matches }) => matches.test(`${code} ${message} `));
  if (kind === undefined) return { errorClass: 'network', words: `The request failed (${code})` };
  if (kind.errorClass === 'reset' && isInHandshake) {
    return { errorClass: 'tls', words: 'The connection was closed in the TLS handshake' };
  }
  return { errorClass: kind.errorClass, words: kind.withoutCode ? kind.words : `${kind.words} (${code})` };
}

function partsOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'unknown', message: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}

const shownNames = 3;
const shownCharacters = 100;

/** The names come from the receiver: they are shown short, and printable. */
function wrongName(error: unknown): string {
  const { cert, host = 'this host' } = error as { cert?: Partial<PeerNames>; host?: string };
  const given = cert?.subjectaltname ?? cert?.subject?.CN;
  const names = (given ?? '').split(', ').map((name) =>
    name
      .replace(/^(DNS|IP Address):/, '')
      .replace(/[^\x21-\x7e]/g, '?')
      .slice(0, shownCharacters),
  );
  const shown = given === undefined ? 'another host' : names.slice(0, shownNames).join(', ');
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : '';
  return `The certificate is for ${shown}${more}, not ${host}`;
}

interface PeerNames {
  /** "DNS:other.example, IP Address:192.0.2.1" */
  subjectaltname: string;
  subject: { CN?: string };
}

/** A refusal with the HTTP status and the published code that a client sees. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const badRequest = (message: string) => new ApiError(400, 'bad_request', message);

export const unauthorized = (message: string) =>
  new ApiError(401, 'unauthorized', message, { 'WWW-Authenticate': 'Bearer realm="maintainkit"' });

export const forbidden = (message: string) => new ApiError(403, 'forbidden', message);

/** Only to pages: what a form asks for that another site may have sent. */
export const foreignForm = () => new ApiError(403, 'foreign_form', 'The form was not sent from one of our own pages.');

export const notFound = (message: string) => new ApiError(404, 'not_found', message);

export const methodNotAllowed = (method: string, allowed: string[]) =>
  new ApiError(405, 'method_not_allowed', `${method} is not allowed here; allowed: ${allowed.join(', ')}.`, {
    Allow: allowed.join(', '),
  });

export const conflict = (message: string) => new ApiError(409, 'conflict', message);

/** The answer will be there in a moment: a repeat then gets it. */
export const stillRunning = () =>
  new ApiError(409, 'conflict', 'A request with this `Idempotency-Key` is still running; try again.', {
    'Retry-After': '1',
  });

export const preconditionFailed = (message: string) => new ApiError(412, 'precondition_failed', message);

export const payloadTooLarge = (limitBytes: number) =>
  new ApiError(413, 'payload_too_large', `The body is larger than ${limitBytes} bytes.`);

export const unsupportedMediaType = (message: string) => new ApiError(415, 'unsupported_media_type', message);

export const unprocessable = (message: string) => new ApiError(422, 'unprocessable', message);

export const insufficientStock = (message: string) => new ApiError(422, 'insufficient_stock', message);

export const rateLimited = (perWindow: number, retryAfterSeconds: number) =>
  new ApiError(
    429,
    'rate_limited',
    `This key may make ${perWindow} requests a minute; go on in ${retryAfterSeconds} s.`,
    { 'Retry-After': String(retryAfterSeconds) },
  );

/** Only to pages: how many streams of events a session may have open. */
export const tooManyStreams = (limit: number) =>
  new ApiError(429, 'too_many_streams', `At most ${limit} live pages at once.`, { 'Retry-After': '10' });

export const internal = () =>
  new ApiError(500, 'internal', 'Something went wrong on our side. The request id finds it in the log.');

export const unavailable = (message: string) => new ApiError(503, 'unavailable', message, { 'Retry-After': '1' });

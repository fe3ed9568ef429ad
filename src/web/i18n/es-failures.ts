/**
 * Why an attempt or a delivery failed, in Spanish. The service keeps that as an English sentence (`activities/post-fault.ts`), which
 * operators find in Temporal too; one that is not known here is shown as it is.
 */
export function failureInSpanish(sentence: string): string {
  for (const [pattern, spanish] of patterns) if (pattern.test(sentence)) return sentence.replace(pattern, spanish);
  return sentence;
}

/** `$1` and so on stand for what the pattern catches; what is behind the match stays as it is: "(erp.example.com, 12 ms)". */
const patterns: [RegExp, string][] = [
  [/^HTTP (\d+) from (\S+) in (\d+) ms$/, 'HTTP $1 de $2 en $3 ms'],
  [/^No answer within (\d+) s/, 'Sin respuesta en $1 s'],
  [/^Connection refused/, 'Conexión rechazada'],
  [/^The host name does not resolve/, 'El nombre del host no se resuelve'],
  [/^The host cannot be reached/, 'No se puede llegar al host'],
  [/^The certificate has expired/, 'El certificado venció'],
  [/^The certificate is not valid yet/, 'El certificado aún no es válido'],
  [/^The certificate is self-signed/, 'El certificado es autofirmado'],
  [
    /^The certificate comes from an authority that is not trusted here/,
    'El certificado es de una autoridad en la que aquí no se confía',
  ],
  [
    /^The certificate comes from an unknown authority, or an intermediate certificate is not sent along/,
    'El certificado es de una autoridad desconocida, o falta un certificado intermedio',
  ],
  [/^The certificate is for (.+), not (\S+)/, 'El certificado es para $1, no para $2'],
  [/^What listens there does not speak TLS/, 'Lo que escucha ahí no habla TLS'],
  [/^TLS failed/, 'Falló TLS'],
  [/^The connection was closed in the TLS handshake/, 'La conexión se cerró durante el saludo TLS'],
  [/^The head of the answer is larger than 16 KiB/, 'Los encabezados de la respuesta pasan de 16 KiB'],
  [/^The answer is not valid HTTP/, 'La respuesta no es HTTP válido'],
  [
    /^The receiver answered 100 Continue or 101 Switching Protocols, which nobody asked for/,
    'El receptor respondió 100 Continue o 101 Switching Protocols, que nadie pidió',
  ],
  [/^The connection was closed before the answer was complete/, 'La conexión se cerró antes de terminar la respuesta'],
  [/^The request failed/, 'La solicitud falló'],
  [/^The endpoint's URL cannot be read/, 'La URL del endpoint no se puede leer'],
  [
    /^(\S+) is not a public address, and WEBHOOK_ALLOW_CIDRS does not allow it/,
    '$1 no es una dirección pública, y WEBHOOK_ALLOW_CIDRS no la permite',
  ],
  [/^Plain http is not allowed to (\S+); use https/, 'http simple no está permitido hacia $1; usa https'],
  [/^interrupted: its worker stopped$/, 'Interrumpido: su worker se detuvo'],
  [/^cancelled by hand$/, 'Cancelada a mano'],
];

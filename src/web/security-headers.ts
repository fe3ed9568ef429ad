import type { Middleware } from 'koa';

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * On every page. The camera is for barcodes on the stock pages. With `no-referrer` browsers would send our own forms with
 * `Origin: null`; `same-origin` tells other sites just as little.
 */
export function securityHeaders({ isSecure }: { isSecure: boolean }): Middleware {
  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(self), geolocation=(), microphone=(), payment=(), usb=()',
      'Cache-Control': 'no-store',
    });
    if (isSecure) ctx.set('Strict-Transport-Security', 'max-age=31536000');
    await next();
  };
}

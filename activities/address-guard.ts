import dns, { type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address that webhooks must not reach. No later attempt can succeed. */
export class BlockedAddress extends Error {
  readonly code = 'BLOCKED_ADDRESS';
}

type Scheme = 'http:' | 'https:';

/**
 * Keeps webhooks out of the private network. Addresses are judged as they are connected to: literals before the request
 * (the URL parser has already turned `0x7f.1` and the like into plain ones), names as they resolve.
 */
export interface AddressGuard {
  /** Answers the scheme. Throws `BlockedAddress` for one, or a literal address, that is not allowed. */
  checkUrl(url: URL): Scheme;
  /** `dns.lookup` for a scheme, answering allowed addresses only. */
  lookupFor(protocol: Scheme): LookupFunction;
}

const globalUnicast = ipaddr.parseCIDR('2000::/3');

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export function createAddressGuard(allowCidrs: string[], resolve: Resolve = dns.lookup): AddressGuard {
  const allowed = allowCidrs.map((cidr) => ipaddr.parseCIDR(cidr));

  const isExempt = (address: string) => {
    const ip = read(address);
    return ip !== undefined && allowed.some(([range, bits]) => range.kind() === ip.kind() && ip.match(range, bits));
  };
  const isPublic = (address: string) => {
    const ip = read(address);
    // IPv6 gives out public addresses from this block alone; ipaddr.js also calls ::127.0.0.1 unicast.
    return ip?.range() === 'unicast' && (ip.kind() === 'ipv4' || ip.match(globalUnicast));
  };
  /** Plain http only where the operator said so. */
  const isAllowed = (address: string, protocol: string) =>
    isExempt(address) || (protocol === 'https:' && isPublic(address));

  return {
    checkUrl({ protocol, hostname }) {
      if (protocol !== 'https:' && protocol !== 'http:') {
        throw new BlockedAddress(`${protocol}// is not a webhook address; use https`);
      }
      const host = hostname.replace(/^\[|\]$/g, '');
      if (ipaddr.isValid(host) && !isAllowed(host, protocol)) throw blocked(host, protocol, isPublic(host));
      return protocol;
    },

    lookupFor: (protocol) => (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, []);
        const usable = addresses.filter(({ address }) => isAllowed(address, protocol));
        const first = usable[0];
        if (first === undefined) {
          return callback(
            blocked(
              hostname,
              protocol,
              addresses.some(({ address }) => isPublic(address)),
            ),
            [],
          );
        }
        if (options.all) return callback(null, usable);
        callback(null, first.address, first.family);
      });
    },
  };
}

/** `undefined` for what is no address, nor one that could be judged: a scope such as `%br-lan.1`. */
const read = (address: string) => (ipaddr.isValid(address) ? ipaddr.process(address) : undefined);

const blocked = (host: string, protocol: string, isPublic: boolean) =>
  new BlockedAddress(
    isPublic && protocol === 'http:'
      ? `Plain http is not allowed to ${host}; use https`
      : `${host} is not a public address, and WEBHOOK_ALLOW_CIDRS does not allow it`,
  );

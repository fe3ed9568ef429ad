import tls from 'node:tls';
import { generate } from 'selfsigned';

export interface Certificate {
  key: string;
  /** PEM. */
  cert: string;
}

export interface CertificateAuthority {
  /** PEM. */
  cert: string;
  /** For these DNS names and addresses, valid from a day ago for 2 days unless said otherwise. */
  issue(names: string[], validity?: { from: Date; until: Date }): Promise<Certificate>;
}

const dayMs = 24 * 60 * 60 * 1000;
const daysFromNow = (days: number) => new Date(Date.now() + days * dayMs);
const aroundNow = { from: daysFromNow(-1), until: daysFromNow(1) };
export const expiredYesterday = { from: daysFromNow(-30), until: daysFromNow(-1) };
export const notBeforeTomorrow = { from: daysFromNow(1), until: daysFromNow(30) };

export async function createAuthority(name: string): Promise<CertificateAuthority> {
  const { private: key, cert } = await generate(subject(name), {
    ...common(aroundNow),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    cert,
    issue: (names, validity = aroundNow) => issue(names, validity, { key, cert }),
  };
}

export const issueSelfSigned = (names: string[]): Promise<Certificate> => issue(names, aroundNow);

async function issue(
  names: string[],
  validity: { from: Date; until: Date },
  ca?: { key: string; cert: string },
): Promise<Certificate> {
  const altNames = names.map((name) =>
    /^[\d.]+$|:/.test(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  );
  const { private: key, cert } = await generate(subject(names[0] ?? ''), {
    ...common(validity),
    ...(ca ? { ca } : {}),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key, cert };
}

const subject = (value: string) => [{ name: 'commonName', value }];
const common = ({ from, until }: { from: Date; until: Date }) => ({
  keyType: 'ec' as const,
  algorithm: 'sha256',
  notBeforeDate: from,
  notAfterDate: until,
});

/** As NODE_EXTRA_CA_CERTS does for a process that is yet to start. Answers the way back. */
export function trust(authority: CertificateAuthority): () => void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, authority.cert]);
  return () => tls.setDefaultCACertificates(before);
}

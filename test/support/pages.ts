import { expect } from 'vitest';
import { acceptInvitation, createInvitation } from '../../src/people/invitation.ts';
import type { Role } from '../../src/people/person.ts';
import { startTestApi, type TestApi } from './api.ts';

export const password = 'taller norte 1987';

export interface TestPerson {
  id: number;
  email: string;
  /** The `Cookie` header of a session that was begun through the sign-in form. */
  cookie: string;
}

export interface PageAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** Where a redirect leads. */
  location: string | null;
}

export interface PageRequest {
  /** Sent as a form. */
  form?: Record<string, string> | undefined;
  /** Sent as a form with a file. */
  upload?: FormData;
  /** Sent as it is. */
  body?: string;
  as?: TestPerson | undefined;
  headers?: Record<string, string>;
}

export interface TestPages extends TestApi {
  /** Makes an account through an invitation, and signs in. */
  person(role?: Role, organizationId?: number, name?: string): Promise<TestPerson>;
  /** Asks for a page as a browser does from one of our own: `path` is whole. Redirects are not followed. */
  page(method: 'GET' | 'POST' | 'PUT' | 'HEAD', path: string, request?: PageRequest): Promise<PageAnswer>;
}

let people = 0;

/** The service with people who sign in, asked without a browser. */
export async function startTestPages(reach: Parameters<typeof startTestApi>[0] = {}): Promise<TestPages> {
  const api = await startTestApi(reach);

  async function page(
    method: string,
    path: string,
    { form, upload, body, as, headers }: PageRequest = {},
  ): Promise<PageAnswer> {
    const response = await fetch(api.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        Accept: 'text/html',
        ...(method === 'GET' ? {} : { 'Sec-Fetch-Site': 'same-origin' }),
        ...(as && { Cookie: as.cookie }),
        ...headers,
      },
      ...(form && { body: new URLSearchParams(form) }),
      ...(upload && { body: upload }),
      ...(body !== undefined && { body }),
    });
    const { status, headers: answered } = response;
    return { status, headers: answered, text: await response.text(), location: answered.get('location') };
  }

  return {
    ...api,
    page,
    async person(role = 'administrator', organizationId = api.organizationId, name = 'Marta Quiñones') {
      const email = `persona${++people}@taller.example`;
      const token = await createInvitation(api.db, { organizationId, role, email });
      const accepted = await acceptInvitation(api.db, token, { email, name, password });
      if (accepted.outcome !== 'joined') throw new Error(`The invitation was not taken: ${accepted.outcome}`);
      const answer = await page('POST', '/sign-in', { form: { email, password } });
      expect(answer.status).toBe(303);
      return { id: accepted.personId, email, cookie: cookieOf(answer) };
    },
  };
}

/** What a browser would send back. */
export const cookieOf = ({ headers }: PageAnswer): string =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

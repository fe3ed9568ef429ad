import type { Context } from 'koa';
import type { Actor } from '../organizations/actor.ts';
import type { Flash } from '../people/flash.ts';
import type { Membership } from '../people/membership.ts';
import type { Language, Role, Theme } from '../people/person.ts';
import type { Session } from '../people/session.ts';
import type { Formats } from './i18n/formats.ts';
import type { Messages } from './i18n/index.ts';
import type { NoticeCounts } from './notices.ts';

/** Who looks at a page, and how it is shown to them. The first parameter of every page. */
export interface Visitor {
  /** Every word: `t.keys.title`. */
  t: Messages;
  /** Numbers, money, times. */
  format: Formats;
  language: Language;
  /** undefined: as the system has it. */
  theme: Theme | undefined;
  /** The page's own path with its query, to come back to. */
  url: string;
  /** Over plain http to another machine: the page says so. */
  isExposed: boolean;
  isPlainHttp: boolean;
  /** Said once, after a redirect. */
  flash: Flash | undefined;
  session: Session | undefined;
}

/** A visitor who is signed in. */
export interface SignedIn extends Visitor {
  session: Session;
}

/** A member who looks at a page of an organization. */
export interface Visit extends SignedIn {
  organizationId: number;
  organization: string;
  role: Role;
  /** Whether forms and buttons are shown; what they send is refused all the same. */
  canWrite: boolean;
  memberships: Membership[];
  notices: NoticeCounts;
}

export const visitorOf = (ctx: Context): Visitor => ctx.state.visitor;
/** Behind `signedIn`. */
export const signedInOf = (ctx: Context): SignedIn => ctx.state.visitor;
/** Behind `member` or `administrator`. */
export const visitOf = (ctx: Context): Visit => ctx.state.visitor;

/** As whom the visitor's forms do what they do. */
export const actorOf = ({ organizationId, session }: Visit): Actor => ({ organizationId, personId: session.person.id });

import { type Html, html } from '../html.ts';
import { type IconName, icon } from './icon.ts';

export type Tone = 'good' | 'bad' | 'warning' | 'neutral';

const toneIcons: Record<Tone, IconName> = { good: 'check', bad: 'cross', warning: 'warning', neutral: 'pause' };

/** A state in a word, with an icon: never by colour alone. */
export const badge = ({
  tone,
  label,
  icon: name = toneIcons[tone],
}: {
  tone: Tone;
  label: string;
  icon?: IconName;
}): Html => html`<span class="badge badge-${tone}">${icon(name)}${label}</span>`;

import type { CassetteHeader } from '../cassette/format.ts';
import { formatCount, formatNumber } from './format.ts';
import { oneLine, padText } from './text.ts';

/** What a cassette says about itself, in a few lines. */
export function cassetteHeadLines(header: CassetteHeader, edited: boolean): string[] {
  const { client, gateway, upstream } = header;
  const facts: [name: string, text: string | undefined][] = [
    ['recorded', `${header.recordedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')} by ${recorderOf(header)}`],
    ['client', client === undefined ? 'unknown' : named(client)],
    ['gateway', gateway.name === 'tapedeck' ? undefined : named(gateway)],
    ['upstream', upstream.url + (upstream.protocol === null ? '' : ` (${upstream.protocol})`)],
    ['redacted', redactedText(header.redacted)],
    ['elided', elidedText(header.elided)],
    ['edited', edited ? 'the entries were changed after they were recorded' : undefined],
  ];
  return facts.flatMap(([name, text]) => (text === undefined ? [] : [`${padText(name, LABEL)}${oneLine(text)}`]));
}

/** Of a HAR file of another program `tool` is that program's name. */
function recorderOf({ tool }: CassetteHeader): string {
  return /^\d/.test(tool) ? `tapedeck ${tool}` : tool || 'another program';
}

/** Columns of the names on the left. */
const LABEL = 10;

function elidedText({ texts, chars }: CassetteHeader['elided']): string | undefined {
  return texts === 0 ? undefined : `${formatCount(texts, 'text')}, ${formatNumber(chars)} characters`;
}

function named({ name, version }: { name: string; version?: string }): string {
  return version === undefined ? name : `${name} ${version}`;
}

function redactedText(counts: Record<string, number>): string {
  const kinds = Object.entries(counts).filter(([, count]) => count > 0);
  return kinds.length === 0 ? 'nothing' : kinds.map(([kind, count]) => `${count} ${kind}`).join(', ');
}

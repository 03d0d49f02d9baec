/** What a gateway did to an exchange. */
export type HopKind = 'dropped' | 'changed' | 'added' | 'lost' | 'invented' | 'buffered' | 'delayed' | 'extra';

/** Where it shows. */
export type HopPlace = 'request' | 'request headers' | 'answer' | 'answer headers' | 'stream' | 'upstream requests';

/** One thing that a gateway did; what it stands on is in the cassette. */
export interface HopFinding {
  kind: HopKind;
  place: HopPlace;
  /** JSON pointer in the source, name of a header, type of an event: what it was done to. */
  path: string;
  /** Cut; absent where there was nothing. */
  before?: string;
  /** Cut; absent where there is nothing now. */
  after?: string;
  /** One sentence, where kind, path and values do not say it all. */
  note?: string;
  /** What the client, or its user, has of it; absent where it does no harm that we know of. */
  harm?: string;
}

/** Characters of a value that are told. */
const SHOWN = 100;

/** A value as it is shown. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}… (${text.length} characters)` : text;
}

/** A finding with only those of its optional members that are there. */
export function finding(
  kind: HopKind,
  place: HopPlace,
  path: string,
  rest: { before?: unknown; after?: unknown; note?: string | undefined; harm?: string | undefined } = {},
): HopFinding {
  const { before, after, note, harm } = rest;
  return {
    ...{ kind, place, path },
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
    ...(note === undefined ? {} : { note }),
    ...(harm === undefined ? {} : { harm }),
  };
}

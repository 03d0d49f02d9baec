import { stringsOf } from './fields.ts';
import { type MatchRequest, type ParsedBody, parseBody } from './request.ts';
import { findPlaces, type Places } from './scrub.ts';

/** A request that was read once, with the places that it names. */
export interface Draft {
  request: MatchRequest;
  body: ParsedBody;
  places: Places;
}

export function draftOf(request: MatchRequest): Draft {
  const body = parseBody(request.body);
  return { request, body, places: placesOf(body) };
}

/** The places that a body names. */
function placesOf(body: ParsedBody): Places {
  return body.kind === 'json' ? findPlaces(stringsOf(body.value)) : { work: [], home: [] };
}

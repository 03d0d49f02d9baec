import type { Hooks, HopRequest, Json } from './hop.ts';

/** A hook that changes the JSON of every event of a stream; undefined drops the event, `[DONE]` is left alone. */
export function onEvents(change: (data: Json, index: number) => Json | undefined): Hooks {
  return {
    event(text, index) {
      const line = /^data: (\{.*)$/m.exec(text)?.[1];
      if (line === undefined) return text;
      const changed = change(JSON.parse(line) as Json, index);
      return changed && text.replace(/^data: .*$/m, () => `data: ${JSON.stringify(changed)}`);
    },
  };
}

/** A hook that changes the JSON of every request with a body. @param change is told how many there have been, this one included */
export function onRequests(change: (json: Json, request: HopRequest, nth: number) => void): Hooks {
  let nth = 0;
  return {
    request(request) {
      if (request.json) change(request.json, request, ++nth);
    },
  };
}

/** A hook that takes a field out of every request. */
export function dropField(...names: string[]): Hooks {
  return onRequests((json) => {
    for (const name of names) delete json[name];
  });
}

/** A hook that changes headers of every answer; undefined takes one away. */
export function onHead(headers: Record<string, string | undefined>): Hooks {
  return {
    head(head) {
      for (const [name, value] of Object.entries(headers)) {
        if (value === undefined) delete head.headers[name];
        else head.headers[name] = value;
      }
    },
  };
}

/** Whether a body is in a content coding. */
export function isCoded({ headers }: HopRequest): boolean {
  return headers['content-encoding'] !== undefined;
}

/** Items, messages: whatever a protocol calls the turns of a request. */
export function turnsOf(json: Json): Json[] {
  const turns = json.input ?? json.messages;
  return Array.isArray(turns) ? (turns as Json[]) : [];
}

/** Refuses with 503 after three answers of 502. @param ms for so long @param path only there */
export function breaker(ms: number, path = ''): Hooks {
  const failures: number[] = [];
  return {
    request({ url }) {
      if (!url.endsWith(path)) return undefined;
      const third = failures.at(-3);
      if (third === undefined || Date.now() - failures.at(-1)! > ms) return undefined;
      const body = '{"error":{"message":"the circuit is open","type":"server_error","code":"open","param":null}}';
      return { status: 503, headers: { 'content-type': 'application/json' }, body };
    },
    head({ status }) {
      if (status === 502) failures.push(Date.now());
      else failures.length = 0;
    },
  };
}

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

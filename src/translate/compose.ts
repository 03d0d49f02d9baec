import type { Dialect } from './dialects.ts';
import type { BackContext, Hop, StreamEvent, StreamStep, StreamTranslator } from './types.ts';

/** What stands in the middle of a composition is Responses as it is documented, with nothing added or missing. */
const HUB: Dialect = {
  name: 'responses',
  protocol: 'responses',
  source: 'Responses API',
  instructions: 'keep',
  mergeNeighbours: false,
  toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, length: 128 },
  maxTokens: 'max_tokens',
  efforts: {
    none: 'none',
    minimal: 'minimal',
    low: 'low',
    medium: 'medium',
    high: 'high',
    xhigh: 'xhigh',
    max: 'max',
  },
  // What the client's protocol tells of earlier thoughts stays with them, since the second hop may want them back.
  reasoning: { field: 'reasoning_content', replay: 'always' },
  images: 'any',
  lacks: [],
  extras: [],
};

/** Two hops as one: the first one's upstream is the second one's client. The losses of both add up. */
export function composeHops(first: Hop, second: Hop): Hop {
  return {
    client: first.client,
    upstream: second.upstream,
    request(body, context) {
      const outer = first.request(body, { ...context, dialect: HUB });
      if ('problem' in outer) return outer;
      const inner = second.request(outer.body, context);
      if ('problem' in inner) return inner;
      const plan = { inner: inner.plan, ...outer.plan };
      return { body: inner.body, losses: [...outer.losses, ...inner.losses], plan };
    },
    response(body, context) {
      const inner = second.response(body, innerContext(context));
      const outer = first.response(inner.body, { ...context, dialect: HUB });
      const status = outer.status ?? inner.status;
      const losses = [...inner.losses, ...outer.losses];
      return { body: outer.body, losses, ...(status === undefined ? {} : { status }) };
    },
    stream: (context) => chain(second.stream(innerContext(context)), first.stream({ ...context, dialect: HUB })),
  };
}

function innerContext(context: BackContext): BackContext {
  return { ...context, plan: context.plan.inner ?? context.plan };
}

/** What the first one gives is what the second one takes. */
function chain(first: StreamTranslator, second: StreamTranslator): StreamTranslator {
  const carry = ({ events, losses }: StreamStep): StreamStep => {
    const carried: { events: StreamEvent[]; losses: StreamStep['losses'] } = { events: [], losses: [...losses] };
    for (const event of events) {
      const step = second.push(event);
      carried.events.push(...step.events);
      carried.losses.push(...step.losses);
    }
    return carried;
  };
  return {
    push: (event) => carry(first.push(event)),
    end(how) {
      const carried = carry(first.end(how));
      const last = second.end(how);
      return { events: [...carried.events, ...last.events], losses: [...carried.losses, ...last.losses] };
    },
  };
}

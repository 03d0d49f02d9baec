const OPEN = '<think>';
const CLOSE = '</think>';

/** Where what was split goes. */
export interface ThinkSink {
  thoughts(delta: string): void;
  text(delta: string): void;
}

/** Splits content in which the thoughts stand before the text, between `<think>` and `</think>`. */
export interface ThinkTags {
  push(delta: string): void;
  /** What was held back is told, since nothing follows it. Thoughts that no tag ended are thoughts. */
  flush(): void;
  /** From here on all content is text. */
  readonly done: boolean;
}

/** Reads what is held, and says where the reading goes on; undefined: more must come. */
type Read = (held: string, sink: ThinkSink) => { state: State; held: string } | undefined;

type State = 'begin' | 'thoughts-begin' | 'thoughts' | 'text-begin' | 'text';

const READ: Readonly<Record<State, Read>> = {
  begin(held) {
    const said = held.trimStart();
    if (said.startsWith(OPEN)) return { state: 'thoughts-begin', held: said.slice(OPEN.length) };
    return OPEN.startsWith(said) ? undefined : { state: 'text', held };
  },
  'thoughts-begin': (held) => skipSpace(held, 'thoughts'),
  thoughts(held, sink) {
    const at = held.indexOf(CLOSE);
    if (at >= 0) {
      sink.thoughts(held.slice(0, at).trimEnd());
      return { state: 'text-begin', held: held.slice(at + CLOSE.length) };
    }
    // A tag may begin at the end, and white space before a tag is not told.
    const sure = held.slice(0, held.length - begunTag(held)).trimEnd();
    sink.thoughts(sure);
    return sure === '' ? undefined : { state: 'thoughts', held: held.slice(sure.length) };
  },
  'text-begin': (held) => skipSpace(held, 'text'),
  text(held, sink) {
    if (held === '') return undefined;
    sink.text(held);
    return { state: 'text', held: '' };
  },
};

/** How many characters at the end are the beginning of the closing tag. */
function begunTag(held: string): number {
  let length = CLOSE.length;
  while (!held.endsWith(CLOSE.slice(0, length))) length -= 1;
  return length;
}

function skipSpace(held: string, state: State): { state: State; held: string } | undefined {
  const said = held.trimStart();
  return said === '' ? undefined : { state, held: said };
}

/**
 * The tag counts at the beginning of the content alone: a model that writes about tags is not cut. What is told is the same
 * however the content was cut into deltas.
 */
export function createThinkTags(sink: ThinkSink): ThinkTags {
  let state: State = 'begin';
  let held = '';
  return {
    get done() {
      return state === 'text';
    },
    push(delta) {
      held += delta;
      for (let next = READ[state](held, sink); next; next = READ[state](held, sink)) ({ state, held } = next);
    },
    flush() {
      if (state === 'begin') sink.text(held);
      else if (state === 'thoughts') sink.thoughts(held);
      held = '';
    },
  };
}

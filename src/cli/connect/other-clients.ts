import type { Guide } from './guide.ts';

/**
 * Claude Code: it appends `/v1/messages` itself.
 * @param url base URL with its `/v1`
 */
export function claudeCodeGuide(url: string): Guide {
  const root = url.replace(/\/v1$/, '');
  return {
    client: 'Claude Code',
    url: root,
    recipes: [
      {
        title: 'Environment',
        when: 'Recommended: holds for one shell.',
        blocks: [
          {
            into: 'shell, with an API key (sent as x-api-key)',
            text: `export ANTHROPIC_BASE_URL="${root}"\nexport ANTHROPIC_API_KEY="$YOUR_KEY"\nclaude`,
          },
          {
            into: 'shell, with a token of a gateway (sent as Authorization: Bearer)',
            text: `export ANTHROPIC_BASE_URL="${root}"\nexport ANTHROPIC_AUTH_TOKEN="$YOUR_TOKEN"\nclaude`,
          },
        ],
        warnings: ['Set one of the two, not both: a gateway that reads only one header may find the wrong one.'],
      },
      {
        title: 'Settings file',
        when: 'To keep it for a project.',
        blocks: [
          {
            into: '.claude/settings.local.json',
            text: JSON.stringify({ env: { ANTHROPIC_BASE_URL: root } }, undefined, 2),
          },
        ],
        warnings: ['Keep keys out of a settings file that is under version control.'],
      },
    ],
    warnings: [
      'No /v1 at the end of ANTHROPIC_BASE_URL: Claude Code appends /v1/messages itself, and /v1/v1/messages is a 404.',
      'The upstream must speak the Messages protocol, e.g. `tapedeck record --upstream https://api.anthropic.com/v1`.',
    ],
  };
}

/** The OpenAI SDKs: they append `/responses` and `/chat/completions` to the base URL as it is. */
export function openaiGuide(url: string): Guide {
  return {
    client: 'OpenAI SDK',
    url,
    recipes: [
      {
        title: 'Environment',
        when: 'Recommended: no change in the program. Both SDKs read these variables.',
        blocks: [{ into: 'shell', text: `export OPENAI_BASE_URL="${url}"\nexport OPENAI_API_KEY="$YOUR_KEY"` }],
        warnings: ['An explicit base URL in the program wins over the variable. Codex, unlike the SDKs, ignores it.'],
      },
      {
        title: 'JavaScript',
        when: 'In the program.',
        blocks: [
          {
            into: 'JavaScript',
            text: `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${JSON.stringify(url)}, maxRetries: 0 });
const stream = await client.responses.create({ model: 'gpt-4.1-mini', input: 'Say hello', stream: true });
for await (const event of stream) {
  if (event.type === 'response.output_text.delta') process.stdout.write(event.delta);
}`,
          },
        ],
        warnings: [],
      },
      {
        title: 'Python',
        when: 'In the program.',
        blocks: [
          {
            into: 'Python',
            text: `from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(url)}, max_retries=0)
stream = client.responses.create(model="gpt-4.1-mini", input="Say hello", stream=True)
for event in stream:
    if event.type == "response.output_text.delta":
        print(event.delta, end="", flush=True)`,
          },
        ],
        warnings: [],
      },
    ],
    warnings: [
      'The base URL needs its /v1: the SDKs append /responses or /chat/completions to it and nothing else.',
      'Both SDKs repeat a failed request twice by default, and every try is an exchange of its own; without retries (as above) one call is one exchange.',
    ],
  };
}

/** One call by hand. */
export function curlGuide(url: string): Guide {
  return {
    client: 'curl',
    url,
    recipes: [
      {
        title: 'One streamed Responses call',
        when: 'Recommended: shows each event as it comes.',
        blocks: [
          {
            into: 'shell',
            text: `curl -sS -N "${url}/responses" \\
  -H "authorization: Bearer $OPENAI_API_KEY" \\
  -H 'content-type: application/json' \\
  -H 'accept: text/event-stream' \\
  --data-binary '{"model":"gpt-4.1-mini","input":"Say hello","stream":true,"store":false}'`,
          },
        ],
        warnings: ['-N keeps curl from buffering; without it a healthy stream looks as if it came all at once.'],
      },
      {
        title: 'What the upstream offers',
        when: 'To see whether URL and key are right.',
        blocks: [{ into: 'shell', text: `curl -sS -i "${url}/models" -H "authorization: Bearer $OPENAI_API_KEY"` }],
        warnings: [],
      },
    ],
    warnings: [
      'The key stands in the history and the process list of the machine unless it comes from a variable, as here.',
    ],
  };
}

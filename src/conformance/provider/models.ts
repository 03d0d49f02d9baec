/** Models that the scripted upstream says it has. */
const SLUGS = ['tapedeck-scripted', 'gpt-5.1-codex', 'gpt-5.5'];

/**
 * An entry as Codex reads it. One entry without a required field makes it throw away the whole list, so all fields that
 * any of 0.113.0, 0.122.0 and 0.169.0 requires are here.
 */
function codexModel(slug: string, priority: number): object {
  return {
    slug,
    display_name: slug,
    description: 'A model of the scripted upstream.',
    default_reasoning_level: 'medium',
    supported_reasoning_levels: [
      { effort: 'low', description: 'Short thought' },
      { effort: 'medium', description: 'Some thought' },
    ],
    shell_type: 'unified_exec',
    visibility: 'list',
    supported_in_api: true,
    priority,
    availability_nux: null,
    upgrade: null,
    base_instructions: 'You are a coding agent that is being tested. Do what the user says.',
    supports_reasoning_summaries: true,
    default_reasoning_summary: 'auto',
    support_verbosity: false,
    default_verbosity: null,
    apply_patch_tool_type: 'freeform',
    truncation_policy: { mode: 'tokens', limit: 10_000 },
    supports_parallel_tool_calls: true,
    context_window: 128_000,
    experimental_supported_tools: [],
  };
}

function model(id: string): object {
  return { id, object: 'model', created: 1_767_225_600, owned_by: 'tapedeck' };
}

/** The model that `GET /models/ID` asks for, as OpenAI's SDKs read it; null: it is not in the list; undefined: something else is asked. */
export function modelAt(method: string, target: string): object | null | undefined {
  const asked = method === 'GET' ? /\/models\/([^?#]+)/.exec(target)?.[1] : undefined;
  if (asked === undefined) return undefined;
  const slug = SLUGS.find((one) => one === asked || encodeURIComponent(one) === asked);
  return slug === undefined ? null : model(slug);
}

/** `GET /models` for both families of clients: `models` is what Codex reads, `object` and `data` what OpenAI's SDKs read. */
export function modelList(): object {
  return {
    object: 'list',
    data: SLUGS.map(model),
    models: SLUGS.map((slug, i) => codexModel(slug, i + 1)),
  };
}

import type { RunMode } from '../report/conformance/model.ts';

const ALWAYS = [
  'TLS, and whatever stands in front of this URL (load balancers, web application firewalls): they may buffer or cut what the gateway does not',
  'how the gateway does under load, and over hours',
  'what the gateway keeps on disk of prompts and keys',
];

/** What a run of each kind cannot say; the report ends with it. */
export const NOT_JUDGED: Record<RunMode, string[]> = {
  basic: [
    'everything that needs a model: run with --hermetic and the scripted upstream as the provider, or with --live and a model',
    ...ALWAYS,
  ],
  hermetic: [
    'the real provider: what it refuses beyond its published schema, and how it behaves under load',
    ...ALWAYS,
  ],
  live: ['what the gateway sends to its provider, which only a hermetic run sees', ...ALWAYS],
};

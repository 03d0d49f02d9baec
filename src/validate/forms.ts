import type { Profile } from './findings.ts';
import { type BundleName, type DocumentKind, type DocumentRoot, ROOTS, relaxBundle } from './profiles.ts';

type Schema = Record<string, unknown>;

/** A bundle of schemas as one profile reads it: what is compiled at once. */
export interface SchemaForm {
  bundle: BundleName | 'codex';
  profile: Profile;
  /** Of the tolerant profile alone, which opens each kind of document in its own way. */
  kind?: DocumentKind;
}

/** A definition in a form. */
export interface Target {
  form: SchemaForm;
  definition: string;
}

/** What a profile holds a document against; undefined when it asks nothing of it. */
export function targetOf(root: DocumentRoot, profile: Profile): Target | undefined {
  if (profile === 'codex') {
    return root.codex === undefined ? undefined : { form: { bundle: 'codex', profile }, definition: root.codex };
  }
  if (!root.schema) return undefined;
  const { bundle, definition } = root.schema;
  return { form: { bundle, profile, ...(profile === 'tolerant' ? { kind: root.kind } : {}) }, definition };
}

/** `responses-tolerant-event`, `chat-strict`, `codex` */
export function nameOfForm({ bundle, profile, kind }: SchemaForm): string {
  if (bundle === 'codex') return bundle;
  return [bundle, profile, ...(kind === undefined ? [] : [kind])].join('-');
}

/** The files in schemas/ that a form is made of; the first holds its definitions, the others what these refer to. */
export function bundlesOf({ bundle }: SchemaForm): string[] {
  return bundle === 'codex' ? ['codex', 'codex-items'] : [bundle];
}

/** A bundle as the form reads it. */
export function shapeBundle(bundle: Schema, { profile, kind }: SchemaForm): Schema {
  return profile === 'tolerant' ? relaxBundle(bundle, kind!) : bundle;
}

/** All forms with the definitions that documents are held against. */
export function allForms(): { form: SchemaForm; definitions: string[] }[] {
  const forms = new Map<string, { form: SchemaForm; definitions: string[] }>();
  for (const root of Object.values(ROOTS)) {
    for (const profile of ['tolerant', 'strict', 'codex'] as const) {
      const target = targetOf(root, profile);
      if (!target) continue;
      const { form, definition } = target;
      const known = forms.get(nameOfForm(form));
      if (!known) forms.set(nameOfForm(form), { form, definitions: [definition] });
      else if (!known.definitions.includes(definition)) known.definitions.push(definition);
    }
  }
  return [...forms.values()];
}

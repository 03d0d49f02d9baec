import { asObject } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';

/** Values of `reasoning` or `text` that hold for the turn, by name, with where the client said them. */
export type Settings = Map<string, { value: unknown; path: string }>;

/** Reads the settings of the request, or of a `configuration_update` item, which changes those before it. */
export function readSettings(value: unknown, path: string, settings: Settings, losses: Losses): void {
  for (const [name, setting] of Object.entries(asObject(value) ?? {})) {
    const before = settings.get(name);
    if (before) losses.add(before.path, 'value', 'a later item of the input sets it anew');
    settings.set(name, { value: setting, path: path + pointerStep(name) });
  }
}

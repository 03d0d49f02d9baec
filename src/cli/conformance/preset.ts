import { type PreparedGateway, prepareGateway, type RunningGateway } from '../../conformance/gateways/prepare.ts';
import { type Io, remark } from '../io.ts';
import type { Settings } from './settings.ts';

/** Installs the gateway that `--gateway` names, if it does. @throws TapedeckError `usage`, `command-not-found`, `input-invalid` */
export async function preparePreset({ preset }: Settings, io: Io): Promise<PreparedGateway | undefined> {
  if (!preset) return undefined;
  const { name, ...options } = preset;
  return prepareGateway(name, { ...options, env: io.env, onProgress: (what) => remark(io, what) });
}

/** What is asked of a gateway that there is a description of, as far as the command line does not say it itself. */
export function withPreset(settings: Settings, { models, key }: PreparedGateway, running: RunningGateway): Settings {
  const { options, headers } = settings;
  const own = settings.key ?? key;
  return {
    ...settings,
    headers: { ...running.headers, ...headers },
    options: { ...options, models: options.models.length > 0 ? options.models : [...models] },
    ...(own === undefined ? {} : { key: own }),
  };
}

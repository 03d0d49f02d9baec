import { FORMAT_VERSION } from '../cassette/format.ts';
import type { RecordingHeader } from '../cassette/records.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import { VERSION } from '../util/version.ts';

/** The header of a recording that begins now. A query of the base URL may carry a key and stays out. */
export function recordingHeader(upstream: string): RecordingHeader {
  const { origin, basePath } = parseBaseUrl(upstream);
  return {
    format: FORMAT_VERSION,
    tool: VERSION,
    recordedAt: new Date().toISOString(),
    gateway: { name: 'tapedeck', version: VERSION },
    upstream: { url: origin + basePath, protocol: null },
  };
}

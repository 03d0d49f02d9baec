import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listeningPort, type Started, start } from './processes.ts';

/** Something that stands between the load generator and the provider, or nothing. */
export interface Peer {
  name: string;
  port: number;
  /** Absent: the provider itself. */
  process?: Started;
  /** Its upstream is asked in another protocol than it is. */
  translated?: boolean;
}

export interface PeerSetup {
  /** Of the provider. */
  upstreamPort: number;
  /** A temporary folder. */
  folder: string;
  /** The built Tapedeck. */
  dist: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DIST = join(ROOT, 'dist');

/** Kept out of the repository's own dependencies: only the benchmark needs it. */
const HTTP_PROXY = { name: 'http-proxy', version: '1.18.1', folder: join(ROOT, '.cache', 'bench') };

/** The names that peers have in tables and in `--peers`, in the order of the tables. */
export const PEERS: Readonly<Record<string, (setup: PeerSetup) => Promise<Peer | { skipped: string }>>> = {
  direct: async ({ upstreamPort }) => ({ name: 'direct', port: upstreamPort }),
  nginx: startNginx,
  'http-proxy': startHttpProxy,
  'tapedeck proxy': (setup) => startTapedeck('proxy', setup),
  'tapedeck translate': (setup) => startTapedeck('translate', setup),
  'tapedeck record': (setup) => startTapedeck('record', setup),
};

/** What is run of Tapedeck: its arguments but for the upstream, by the last word of the peer's name. */
const MODES = {
  proxy: () => ['proxy'],
  translate: () => ['proxy', '--upstream-protocol', 'chat'],
  record: (output: string) => ['record', '-o', output],
} as const;

export type Mode = keyof typeof MODES;

/** Started beside the others with `--baseline`: another build, to compare a change with. */
export function startBaseline(mode: Mode, setup: PeerSetup): Promise<Peer> {
  return startTapedeck(mode, setup, 'baseline');
}

async function startTapedeck(mode: Mode, setup: PeerSetup, build = 'tapedeck'): Promise<Peer> {
  const { dist, folder, upstreamPort } = setup;
  const args = MODES[mode](join(folder, build === 'tapedeck' ? 'bench.har' : `${build}.har`));
  const upstream = ['--upstream', `http://127.0.0.1:${upstreamPort}/v1`];
  const started = start(process.execPath, [join(dist, 'cli', 'index.js'), ...args, ...upstream]);
  const port = await listeningPort(started);
  return { name: `${build} ${mode}`, port, process: started, translated: mode === 'translate' };
}

async function startHttpProxy({ upstreamPort }: PeerSetup): Promise<Peer | { skipped: string }> {
  const { name, version, folder } = HTTP_PROXY;
  if (!existsSync(join(folder, 'node_modules', name))) {
    mkdirSync(folder, { recursive: true });
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    const install = spawnSync('npm', ['install', '--prefix', folder, ...quiet, `${name}@${version}`]);
    if (install.status !== 0) return { skipped: `${name} ${version} could not be installed` };
  }
  const script = fileURLToPath(new URL('http-proxy.mjs', import.meta.url));
  const started = start(process.execPath, ['--no-deprecation', script, folder, `http://127.0.0.1:${upstreamPort}`]);
  return { name, port: await listeningPort(started), process: started };
}

async function startNginx({ upstreamPort, folder }: PeerSetup): Promise<Peer | { skipped: string }> {
  const program = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((at) => existsSync(at));
  if (!program) return { skipped: 'nginx is not installed' };
  // nginx does not tell which port it was given, so one is chosen for it.
  const port = 20_000 + (process.pid % 20_000);
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, upstreamPort));
  const started = start(program, ['-p', folder, '-c', config, '-e', join(folder, 'nginx-error.log')]);
  for (let tries = 0; started.child.exitCode === null && tries < 100; tries++) {
    if (await isOpen(port)) return { name: 'nginx', port, process: started };
    await wait(50);
  }
  return { skipped: 'nginx did not start' };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** One process that hands everything on as it comes. */
function nginxConfig(folder: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  return `daemon off; master_process off; pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 64m; client_body_buffer_size 128k;
  ${temporary.join(' ')}
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off;
    }
  }
}
`;
}

// The smallest proxy that people build with node `http-proxy`; kept connections upstream, or it would pay for a new one a
// request. Arguments: the folder that has http-proxy installed, the upstream's URL.
import { Agent, createServer } from 'node:http';
import { createRequire } from 'node:module';

const [folder, target] = process.argv.slice(2);
const httpProxy = createRequire(`${folder}/`)('http-proxy');
const proxy = httpProxy.createProxyServer({ target, agent: new Agent({ keepAlive: true }) });
proxy.on('error', (_error, _request, response) => response.destroy());
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));

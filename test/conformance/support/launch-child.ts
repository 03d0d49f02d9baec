import { launchGateway } from '../../../src/conformance/launch.ts';

// Launches the command it is given, says the port, and lives until a signal comes, or fails when told to.
const [command = '', then = ''] = process.argv.slice(2);
const gateway = await launchGateway({ command, upstream: 'http://127.0.0.1:1/v1' });
process.stdout.write(`${gateway.port}\n`);
if (then === 'throw') throw new Error('a failure of ours');
if (then === 'exit') process.exit(9);
setInterval(() => {}, 60_000);

/** Host and port of a URL as sockets take them: an IPv6 address without its brackets, the scheme's port where none is named. */
export function addressOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** Names and addresses of this machine alone: RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
export function isLoopback(host: string): boolean {
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^::1$|^(?:.+\.)?localhost\.?$/i.test(host.replace(/^\[|\]$/g, ''));
}

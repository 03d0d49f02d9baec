/**
 * Policy numbers of the proxy, in one place, each with its reason. Times are milliseconds, sizes bytes.
 */
export const PROXY_LIMITS = {
  /** A Codex request with images is below 64 MiB; four times that leaves room and still bounds memory. */
  requestBytes: 256 * 1024 * 1024,
  /** Node's own default is 16 KiB; Codex metadata headers alone take 2 KiB, and gateways add theirs. */
  headBytes: 64 * 1024,
  /** DNS, TCP and TLS together; a provider that needs longer is down. */
  connectMs: 10_000,
  /** Reasoning models think for minutes before the response head; Codex itself never gives up on it. */
  headMs: 900_000,
  /** Codex gives up after 300 s without an event; the proxy must not be the one that ends the stream first. */
  idleMs: 600_000,
  /** Longer than any client keeps an idle connection (undici 4 s, reqwest 90 s), so that the client closes first. */
  keepAliveMs: 100_000,
  /**
   * How long a connection to the upstream is kept without a request. Shorter than servers wait that do not say how long they
   * do (node and uvicorn 5 s, nginx and load balancers 60 s and more), so that none closes it while a request is on its way.
   */
  upstreamKeepAliveMs: 4_000,
  /** An upstream that says how long it waits (`Keep-Alive: timeout=5`) is not trusted for so much of it: way and timers. */
  upstreamKeepAliveMarginMs: 2_000,
  /** How long the first signal waits for exchanges in flight before it ends them. */
  drainMs: 5_000,
  /** DNS, TCP, TLS and the answer to a WebSocket upgrade together. Codex itself waits 15 s and tries seven times. */
  upgradeMs: 3_000,
  /** One WebSocket message: Codex sends images inline, and 32 MiB must pass; twice that still bounds memory. */
  messageBytes: 64 * 1024 * 1024,
  /** What may wait in one direction of a WebSocket before its sender is paused: a few hundred events. */
  backlogBytes: 1024 * 1024,
  /**
   * A WebSocket message from here on is compressed where the hop has agreed on it (RFC 7692 section 6 leaves that to each
   * message): requests and long answers. An event is one packet either way, and deflating it costs more than handing it on.
   */
  compressBytes: 1024,
  /** How long the other end of a WebSocket may take to close, or to take what is left for it. */
  closeMs: 3_000,
} as const;

import type { Protocol } from '../util/types.ts';

/** An error that Tapedeck itself answers with, before it is put into a protocol's shape. */
export interface ProtocolProblem {
  status: number;
  /** Machine-readable, e.g. `upstream_unreachable`. */
  code: string;
  message: string;
}

/** Messages has a closed list of error types by status (docs of the Messages API, "Errors"). */
const MESSAGES_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/**
 * The JSON text of an error in the shape of the client's protocol: `{"error":{message,type,param,code}}` for Responses
 * and Chat Completions (also for paths of no protocol), `{"type":"error","error":{type,message}}` for Messages.
 * @param details what a Messages client is told besides, e.g. `{error_code}`
 */
export function errorText(protocol: Protocol | null, problem: ProtocolProblem, details?: object): string {
  if (protocol === 'messages') {
    const type = MESSAGES_TYPES[problem.status] ?? 'api_error';
    const error = { type, message: problem.message, ...(details && { details }) };
    return JSON.stringify({ type: 'error', error });
  }
  const type = problem.status < 500 ? 'invalid_request_error' : 'server_error';
  return JSON.stringify({ error: { message: problem.message, type, param: null, code: problem.code } });
}

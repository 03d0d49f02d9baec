"""An addon of mitmproxy that tells each flow that it reads, a JSON line each: python sees the bodies decoded."""

import hashlib
import json
import sys

from mitmproxy import http


def tell(message):
    content = message.get_content(strict=False) if message is not None else None
    return None if content is None else [len(content), hashlib.sha256(content).hexdigest()]


class TellFlows:
    def response(self, flow: http.HTTPFlow) -> None:
        line = {
            "method": flow.request.method,
            "url": flow.request.url,
            "status": flow.response.status_code,
            "request": tell(flow.request),
            "response": tell(flow.response),
        }
        sys.stdout.write(json.dumps(line) + "\n")


addons = [TellFlows()]

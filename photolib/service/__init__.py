"""The warm engine: the use cases of one library over HTTP, on a private socket or a loopback port.

Encoder, indexes and catalogue stay loaded between requests. Answers carry the same keys as the
command line's JSON; ``/openapi.json`` describes them.
"""

from photolib.service.service import Service

__all__ = ["Service"]

"""Who may ask: the browser of this computer that was given the address with the token, and no page of another site."""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What pages without a policy of their own may load: what this server has."""


class Guard:
    """Let through what has the token, names this server as its host, and comes from none of the other pages.

    Another site could otherwise have its visitors' browsers ask this server (cross-site requests), or have its own name
    lead here (DNS rebinding).

    Parameters
    ----------
    app : ASGI application
        What is behind it.
    token : str
        First part of every path.
    hosts : sequence of str
        Names of this server with its port.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: tuple[str, ...]) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with status 403."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("Content-Security-Policy", POLICY)
            await send(message)

        app = self.app
        if refusal := self._refusal(scope):
            app = PlainTextResponse(f"Refused: {refusal}\n", 403)
        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str:
        """Say what is wrong with a request; nothing if it may pass."""
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return f"another host; expected {self.hosts[0]}"
        token = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return "no token; open the address that sedpool ui printed"
        origins = headers.getlist("origin")
        if any(origin not in [f"http://{host}" for host in self.hosts] for origin in origins):
            return "another origin"
        if scope["method"] not in ("GET", "HEAD") and not origins:
            return "no origin"
        is_followed = headers.get("sec-fetch-dest") == "document" and scope["method"] == "GET"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_followed:
            return "from another site"
        return ""

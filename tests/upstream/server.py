"""`python -m tests.upstream.server --port 0`: prints {"port", "url"} and serves until stopped."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from tests.upstream import replies, tone
from tests.upstream.http1 import Drop, Reply, Request, json_reply, listen
from tests.upstream.state import Job, State

SLUG = "chatterbox-turbo-tts"
HTML_405 = b"<!doctype html><html><head><title>405</title></head><body>Method Not Allowed</body>"


class Way(NamedTuple):
    """What a request asks for: its kind in the log, who answers, and the name in its path."""

    kind: str
    answer: Callable[[Request, str], Awaitable[Reply]]
    name: str


class Server:
    def __init__(self) -> None:
        self.state = State()
        self.base = ""

    async def handle(self, request: Request) -> Reply:
        way = self._route(request)
        if way.kind == "control":
            return await way.answer(request, way.name)
        await self.state.saw(way.kind, has_key="x-api-key" in request.headers)
        rule = self.state.rule(way.kind, await self._matter(request, way))
        if rule and rule["do"] == "drop_early":
            raise Drop
        body = await request.read()
        post = self._note(request, way.kind, body) if request.method == "POST" else {}
        return await self._act(rule, request, way, post)

    async def _matter(self, request: Request, way: Way) -> str:
        """The text that a rule's `match` looks into. Read early only if some rule asks."""
        if request.method == "POST" and any(
            rule["on"] == way.kind and rule.get("match") for rule in self.state.rules
        ):
            return (await request.read()).decode("utf-8", "replace")
        job = self.state.jobs.get(way.name)
        return f"{job.text}\n{job.reference}\n{job.id}" if job else request.path

    async def _act(
        self, rule: dict[str, Any] | None, request: Request, way: Way, post: dict[str, Any]
    ) -> Reply:
        if rule is None:
            reply = await way.answer(request, way.name)
            post["status"] = reply.status
            return reply
        post["rule"] = rule["do"]
        if rule.get("accept") and way.kind == "submit":
            post["accepted"] = self.state.accept(json.loads(await request.read())).id
        match rule["do"]:
            case "answer":
                raw = rule.get("body", "")
                body = raw.encode() if isinstance(raw, str) else json.dumps(raw).encode()
                if "body_base64" in rule:
                    body = base64.b64decode(rule["body_base64"])
                return Reply(
                    status=rule.get("status", 200),
                    body=body,
                    content_type=rule.get("content_type", "application/json"),
                    headers=rule.get("headers", {}),
                )
            case "redirect":
                return Reply(status=rule.get("status", 302), headers={"location": rule["to"]})
            case "hang":
                await asyncio.sleep(rule.get("seconds", 60))
                raise Drop
            case "drop_late":
                raise Drop
            case "big":
                body = tone.sound(seed=1, seconds=1, kind="wav")[:64] + bytes(rule["size"])
                return Reply(body=body, content_type="audio/wav", announce=rule["announce"])
        await asyncio.sleep(rule.get("seconds", 0) if rule["do"] == "delay" else 0)
        reply = await way.answer(request, way.name)
        if rule["do"] == "cut":
            reply.cut_at = rule.get("at", len(reply.body) // 2)
        if rule["do"] == "drip":
            reply.drip = rule.get("seconds", 0.05)
        return reply

    def _note(self, request: Request, kind: str, raw: bytes) -> dict[str, Any]:
        try:
            body: Any = json.loads(raw)
        except ValueError:
            body = raw.decode("utf-8", "replace")
        if kind == "upload" and isinstance(body, dict):
            body = {"data_urls": [url[:40] for url in body.get("data_urls", [])]}
        post = {
            "kind": kind,
            "path": request.path,
            "at": time.time(),
            "headers": sorted(request.headers),
            "content_type": request.headers.get("content-type", ""),
            "key_ok": self._key_ok(request),
            "body": body,
            "accepted": None,
        }
        self.state.posts.append(post)
        return post

    def _route(self, request: Request) -> Way:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case _, [name] if name.startswith("_"):
                return Way("control", self._control, name)
            case "POST", ["v2", slug]:
                return Way("submit", self._submit, slug)
            case "POST", ["v1", slug]:
                return Way("sync", self._sync, slug)
            case "GET", ["v2", "requests", request_id, "status"]:
                return Way("status", self._status, request_id)
            case "GET", ["v2" | "v1", "requests", request_id]:
                return Way("result", self._result, request_id)
            case "GET", ["v1", "get-user-credits"]:
                return Way("credits", self._credits, "")
            case "POST", ["upload-asset"]:
                return Way("upload", self._upload, "")
            case "GET" | "HEAD", ["outputs", name]:
                return Way("output", self._output, name.rsplit(".", 1)[0])
            case "GET" | "HEAD", ["assets", name]:
                return Way("asset", self._asset, name)
        return Way("other", self._other, "")

    def _key_ok(self, request: Request) -> bool:
        key = request.headers.get("x-api-key", "")
        wanted = self.state.settings.api_key
        return key == wanted if wanted else key.startswith("SG_")

    def _refusal(self, request: Request) -> Reply | None:
        if not self._key_ok(request):
            return json_reply(
                {
                    "error": "unauthorized",
                    "error_description": "Invalid API key",
                    "status_code": 401,
                },
                status=401,
            )
        if request.method == "POST" and not request.headers.get("content-type", "").startswith(
            "application/json"
        ):
            return json_reply({"error": "Invalid content type"}, status=406)
        return None

    async def _body_of(self, request: Request, slug: str) -> dict[str, Any] | Reply:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if slug != SLUG:
            return json_reply({"error": "Model not found"}, status=404)
        try:
            body = json.loads(await request.read())
        except ValueError:
            return json_reply({"error": "Invalid JSON"}, status=400)
        for name in ("text", "reference_audio"):
            if not body.get(name):
                return json_reply({"error": f"{name} is required"}, status=400)
        return dict(body)

    async def _submit(self, request: Request, slug: str) -> Reply:
        body = await self._body_of(request, slug)
        if isinstance(body, Reply):
            return body
        job = self.state.accept(body)
        self.state.posts[-1]["accepted"] = job.id
        return json_reply(replies.submitted(job, self.state.settings.status_base or self.base))

    async def _sync(self, request: Request, slug: str) -> Reply:
        body = await self._body_of(request, slug)
        if isinstance(body, Reply):
            return body
        job = self.state.accept(body)
        await asyncio.sleep(max(0.0, job.ready_at - time.time()))
        if job.state(time.time()) == "FAILED":
            return json_reply({"error": replies.failure(job)}, status=500)
        settings = self.state.settings
        reply = await self._sound(job)
        reply.headers = {
            "x-cost": str(settings.cost),
            "x-remaining-credits": str(settings.credits),
            "x-generation-time": str(round(job.ready_at - job.submitted_at, 3)),
            "x-seed-value": str(job.seed),
            "x-request-id": job.id,
        }
        return reply

    async def _status(self, request: Request, request_id: str) -> Reply:
        return self._read(request, request_id, "polls")

    async def _result(self, request: Request, request_id: str) -> Reply:
        return self._read(request, request_id, "results")

    def _read(self, request: Request, request_id: str, counter: str) -> Reply:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        job = self.state.find(request_id)
        if job is None:
            return json_reply({"error": "Request not found"}, status=404)
        setattr(job, counter, getattr(job, counter) + 1)
        settings = self.state.settings
        base = settings.status_base or self.base
        if counter == "polls":
            body = replies.status(job, base)
        else:
            body = replies.result(job, self.base, settings)
        if body["status"] == "COMPLETED" and job.first_completed_poll_at is None:
            job.first_completed_poll_at = time.time()
        return json_reply(body, status=settings.fail_status if body["status"] == "FAILED" else 200)

    async def _credits(self, request: Request, _: str) -> Reply:
        settings = self.state.settings
        return self._refusal(request) or json_reply(
            {"credits": settings.credits, "free-credits": settings.free_credits}
        )

    async def _upload(self, request: Request, _: str) -> Reply:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        urls = []
        for data_url in json.loads(await request.read())["data_urls"]:
            head, _, data = data_url.partition(";base64,")
            if head != "data:audio/mpeg":
                return json_reply({"error": "Unsupported file type"}, status=400)
            name = f"{uuid.uuid4()}.mp3"
            self.state.assets[name] = base64.b64decode(data)
            urls.append(f"{self.base}/assets/{name}")
        return json_reply({"file_urls": urls, "message": "Uploaded"})

    async def _asset(self, _: Request, name: str) -> Reply:
        if name not in self.state.assets:
            return json_reply({"error": "no such file"}, status=404)
        return Reply(body=self.state.assets[name], content_type="audio/mpeg")

    async def _output(self, _: Request, job_id: str) -> Reply:
        job = self.state.jobs.get(job_id)
        if job is None:
            return Reply(status=404, body=b"<Error/>", content_type="application/xml")
        job.downloads += 1
        job.first_download_at = job.first_download_at or time.time()
        return await self._sound(job)

    async def _sound(self, job: Job) -> Reply:
        settings = self.state.settings
        seconds = settings.output_seconds or max(0.6, min(40.0, len(job.text) / 14))
        kind = settings.output_format
        body = await asyncio.to_thread(tone.sound, seed=job.seed, seconds=seconds, kind=kind)
        return Reply(body=body, content_type=tone.CONTENT_TYPES[kind])

    async def _other(self, request: Request, _: str) -> Reply:
        if request.path.startswith(("/v1/", "/v2/")) and SLUG in request.path:
            return Reply(status=405, body=HTML_405, content_type="text/html")
        return json_reply({"error": "Not found"}, status=404)

    async def _control(self, request: Request, name: str) -> Reply:
        match name:
            case "_control":
                try:
                    self.state.control(json.loads(await request.read()))
                except (ValueError, KeyError) as error:
                    return json_reply({"error": str(error)}, status=400)
            case "_reset":
                self.state = State()
            case "_wait":
                query = request.query
                seen = await self.state.wait(
                    query["on"], int(query["count"]), float(query["timeout"])
                )
                return json_reply({"seen": seen})
            case "_log":
                return json_reply(self.state.log())
        return json_reply({})


async def _until_parent_leaves() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--leave-with-parent", action="store_true", help="stop when stdin ends")
    options = parser.parse_args()
    server = Server()
    listener = await listen(server.handle, host=options.host, port=options.port)
    port = listener.sockets[0].getsockname()[1]
    server.base = f"http://{options.host}:{port}"
    print(json.dumps({"port": port, "url": server.base}), flush=True)
    async with listener:
        if options.leave_with_parent:
            await _until_parent_leaves()
        else:
            await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

"""What the server was told, what it does now, and what it saw."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(kw_only=True)
class Settings:
    """Set through `/_control`. Times in seconds."""

    job_seconds: tuple[float, float] = (0.05, 0.05)
    queue_share: float = 0.3
    """The part of a job's time that it is QUEUED."""
    output_kind: str = "string"
    """string, object, list, object_list, audio, audio_list, images, none."""
    output_format: str = "wav"
    output_seconds: float | None = None
    """None: by the length of the text."""
    fail_status: int = 422
    expire_after: float = 3600.0
    cost: float = 0.021
    credits: float = 12.5
    free_credits: float = 1.25
    api_key: str = ""
    """Empty: any key that starts with SG_ is taken."""
    status_base: str = ""
    """Another origin for the addresses in the answer to a submit."""
    output_base: str = ""
    """Another origin for the address of the output."""


@dataclass(kw_only=True)
class Job:
    id: str
    text: str
    seed: int
    reference: str
    submitted_at: float
    queued_until: float
    ready_at: float
    """Seconds since 1970, like the other moments; set at the submit."""
    rule: dict[str, Any] | None = None
    expired: bool = False
    polls: int = 0
    results: int = 0
    downloads: int = 0
    first_completed_poll_at: float | None = None
    first_download_at: float | None = None

    def state(self, now: float) -> str:
        if now < self.queued_until:
            return "QUEUED"
        if now < self.ready_at:
            return "PROCESSING"
        return "FAILED" if self.rule and self.rule["do"] == "fail" else "COMPLETED"


@dataclass(kw_only=True)
class State:
    settings: Settings = field(default_factory=Settings)
    rules: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    """Requests of each kind, of every verb."""
    keyed: Counter[str] = field(default_factory=Counter)
    """Those of them that carried a key."""
    assets: dict[str, bytes] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def control(self, data: dict[str, Any]) -> None:
        self.rules += data.get("rules", [])
        known = {spec.name for spec in fields(Settings)}
        for name, value in data.get("set", {}).items():
            if name not in known:
                raise ValueError(f"no setting {name}")
            setattr(self.settings, name, value)
        for request_id in data.get("expire", []):
            self.jobs[request_id].expired = True
        if data.get("relent"):
            self.rules.clear()
        if data.get("finish"):
            for job in self.jobs.values():
                job.queued_until = job.ready_at = min(time.time(), job.ready_at)

    def rule(self, on: str, text: str = "") -> dict[str, Any] | None:
        """The next rule for this kind of request, used up by one."""
        for rule in self.rules:
            if rule["on"] == on and rule.get("match", "") in text:
                if rule.get("times") is not None:
                    rule["times"] -= 1
                    if rule["times"] <= 0:
                        self.rules.remove(rule)
                return rule
        return None

    def accept(self, body: dict[str, Any]) -> Job:
        now = time.time()
        low, high = self.settings.job_seconds
        text = str(body.get("text", ""))
        reference = str(body.get("reference_audio", ""))
        rule = self.rule("job", f"{text}\n{reference}")
        took = self.dice.uniform(low, high)
        if rule and "seconds" in rule:
            took = float(rule["seconds"])
        job = Job(
            id=str(uuid.uuid4()),
            text=text,
            seed=int(body.get("seed", 42)) or self.dice.randrange(1, 2**31),
            reference=reference,
            submitted_at=now,
            queued_until=now + took * self.settings.queue_share,
            ready_at=now + took,
            rule=rule,
        )
        self.jobs[job.id] = job
        return job

    def find(self, request_id: str) -> Job | None:
        job = self.jobs.get(request_id)
        if job is None or job.expired:
            return None
        return None if time.time() > job.submitted_at + self.settings.expire_after else job

    async def saw(self, kind: str, *, has_key: bool) -> None:
        self.hits[kind] += 1
        self.keyed[kind] += has_key
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, kind: str, count: int, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout), self.changed:
                await self.changed.wait_for(lambda: self.hits[kind] >= count)
        except TimeoutError:
            return False
        return True

    def log(self) -> dict[str, Any]:
        now = time.time()
        submits = [post for post in self.posts if post["kind"] == "submit"]
        return {
            "posts": self.posts,
            "hits": dict(self.hits),
            "keyed": dict(self.keyed),
            "text_posts": dict(Counter(_field(post, "text") for post in submits)),
            "reference_posts": dict(Counter(_field(post, "reference_audio") for post in submits)),
            "jobs": [{**asdict(job), "state": job.state(now)} for job in self.jobs.values()],
        }


def _field(post: dict[str, Any], name: str) -> str:
    body = post["body"]
    return str(body.get(name, "")) if isinstance(body, dict) else ""

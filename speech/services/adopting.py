from __future__ import annotations

from speech.models import Line, Take, User
from speech.queries.tuning import effective_tuning, effective_voice, inherited_tuning
from speech.services.events import log


def adopt_setup(actor: User, *, take: Take) -> bool:
    """The line goes with this take: from now on it is read by the take's voice, with its
    parameters. False where it already was. The text stays the line's. Call it in a transaction.

    A voice whose consent nobody has stated becomes no line's: the line keeps its own.
    """
    line = (
        Line.objects.select_for_update(of=("self",))
        .select_related("project__voice", "voice")
        .get(pk=take.line_id)
    )
    project, old_voice, old = line.project, effective_voice(line), effective_tuning(line)
    if take.voice is not None and take.voice.unlisted_in_id is None:
        line.voice = take.voice if take.voice_id != project.voice_id else None
    standard = inherited_tuning(project, effective_voice(line))
    line.params = {name: value for name, value in take.params.items() if value != standard[name]}
    voice, new = effective_voice(line), effective_tuning(line)
    if (voice, new) == (old_voice, old):
        return False
    line.save(update_fields=["voice", "params", "updated_at"])
    log(
        actor,
        "line setup adopted",
        project=project,
        target=f"line {line.pk}",
        take=take.number,
        old={"voice": old_voice.name if old_voice else "", "params": old},
        new={"voice": voice.name if voice else "", "params": new},
    )
    return True

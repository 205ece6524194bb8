"""Every page of the studio, in one place, and a project that has something to show on each.

The accessibility, phone, policy and screenshot checks loop over `PAGES`: a new page is added here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Response

from tests.browser.engine_set import DOOR, MONEY, SWEEPS
from tests.browser.review_set import FILM
from tests.browser.scene import Scene
from tests.browser.window import Window
from tests.upstream.client import Upstream

LINES = (
    "One charge. Seven days. [chuckle]",
    "It folds flat, it weighs nothing, and it forgives the third floor without a lift.",
    "Nobody has asked for this line yet.",
)
SLOW = "This one takes its time."

_PEOPLE_AND_LINKS = """
from speech.models import Project, User
from speech.services.links import issue_invitation
from speech.states import Role
project = Project.objects.get(slug=given["slug"])
boss = User.objects.get(username=given["boss"])
open_link = issue_invitation(boss, project=project, role=Role.REVIEWER, note="Cy, the client")
result = open_link.path
"""
_TAKES = """
from datetime import timedelta
from django.utils import timezone
from speech.models import Job, Line, Take, User
from speech.services import takes as service
from speech.services.comments import write_comment
from tests.factories import make_take
line = Line.objects.get(pk=given["line"])
boss = User.objects.get(username=given["boss"])
done = list(Take.objects.filter(line=line).order_by("number"))
service.star_take(boss, take=done[0], on=True)
write_comment(boss, take=done[0], text="Best so far. A touch slower on “seven days”?")
service.choose_take(boss, take=done[1], on=True)
service.archive_take(boss, take=done[3], on=True)
line.refresh_from_db()
unknown = make_take(line, state="unknown", engine="segmind")
failed = make_take(line, state="failed", engine="segmind")
queued = make_take(line, state="queued")
Job.objects.filter(take=queued).update(due_at=timezone.now() + timedelta(days=1))
other = Line.objects.get(pk=given["other"])
make_take(other, state="unknown", engine="segmind")
result = {"done": [take.pk for take in done], "unknown": unknown.pk, "failed": failed.pk,
          "doubtful": unknown.job_id}
"""
_NOTICES = """
from speech.models import Line, Notice, Project, User
from speech.services.notices import read_all, tell
from speech.services.presence import arrive
from speech.states import NoticeKind
from tests.factories import add_member, make_user
project = Project.objects.get(slug=given["slug"])
boss = User.objects.get(username=given["boss"])
noor = make_user("noor", first_name="Noor Haddad")
add_member(project, noor, "reviewer")
path = f"/p/{project.slug}/"
def say(kind, sentence):
    [notice] = tell([boss], kind=kind, project=project, actor=noor, sentence=sentence, path=path)
    return notice
old = say(NoticeKind.REVIEW_ASKED, "Noor Haddad asks for your review of line 2, take 1.")
read_all(boss, up_to=old.pk)
say(NoticeKind.MENTION, "Noor Haddad mentions you on line 1, take 1: “Is the pause too long?”")
say(NoticeKind.APPROVAL_FELL, "Your approval of line 1, take 2 fell: the text of the line changed.")
arrive(noor, project=project, line_id=given["line"])
"""
_TESTS = """
from speech.models import Project, User
from speech.services.listening import cast_vote, close_test, make_test, send_test
from speech.states import Role
from tests.factories import add_member
project = Project.objects.get(slug=given["slug"])
boss = User.objects.get(username=given["boss"])
people = [User.objects.create(username=name) for name in ("nils", "ines", "tom")]
for person in people:
    add_member(project, person, Role.REVIEWER)
tests = [make_test(boss, project=project, takes=given["takes"]) for _ in range(3)]
asked = (("The close", "pick"), ("Warmth", "rank"), ("First read", "rank"))
for test, (title, method) in zip(tests, asked):
    send_test(boss, test=test, title=title, method=method, people=people,
              question="Which would you put on air?")
one, two, three = given["takes"]
cast_vote(people[0], test=tests[0], ranking=[two])
rankings = ([two, one, three], [two, three, one], [one, two, three], [two, one, three])
for person, ranking in zip([*people, boss], rankings):
    remark = "The pause before “seven” sells it." if person == boss else ""
    cast_vote(person, test=tests[2], ranking=ranking, remark=remark)
close_test(boss, test=tests[2])
result = [test.pk for test in tests]
"""
_COMMENTS = """
from speech.models import Take, User
from speech.services import guests
from speech.services.comments import resolve_comment, write_comment
from speech.services.takes import request_takes
from speech.states import Role
from tests.factories import add_member
take = Take.objects.get(pk=given["take"])
boss = User.objects.get(username=given["boss"])
cy = User.objects.create(username="cy", first_name="Cy", last_name="Okafor")
add_member(take.project, cy, Role.REVIEWER)
end = round(take.duration * 0.7, 1)
slower = write_comment(cy, take=take, text="Rushes here. A breath before it?", start=0.6)
write_comment(boss, take=take, text="Yes, @cy, it needs one.", parent=slower)
write_comment(cy, take=take, text="This laugh is too long.", start=end - 0.8, end=end)
request_takes(boss, line=take.line, engine="draft", seed=11, answers=slower)
old = write_comment(boss, take=take, text="Is this the right spelling?", start=0.2)
resolve_comment(cy, comment=old, on=True)
link = guests.make_guest_link(boss, take=take, label="Zoe, the client", days=7)
warmer = guests.write_as_guest(
    link.link, name="Zoe", text="Could it be warmer?", start=1.0, end=1.6
)
write_comment(boss, take=take, text="We will try that.", parent=warmer)
gone = guests.make_guest_link(boss, take=take, label="The agency", days=1)
guests.revoke_guest_link(boss, link=gone.link)
result = {"guest": link.path, "comment": slower.pk}
"""
_DELIVERIES = """
from datetime import timedelta
from django.utils import timezone
from speech.models import Project
from tests.factories import make_delivery
project = Project.objects.get(slug=given["slug"])
missing = [{"line": 3, "text": "Nobody has asked for this line yet.", "why": "no take yet"}]
make_delivery(project, missing=missing)
later = timezone.now() + timedelta(days=1)
make_delivery(project, state="making", file="", sha256="", done=1, total=2, beat_at=later)
"""
_STALE = """
from speech.models import Line
from speech.services.lines import edit_line
line = Line.objects.get(pk=given["line"])
edit_line(None, line=line, text=given["text"])
"""


@dataclass(frozen=True, kw_only=True)
class PageToSee:
    """`path` is filled in from `Tour.words`. `who`: boss, viewer or nobody. `opens`: what is
    pressed there, so that what lies over a page or is folded away is looked at as well."""

    name: str
    path: str
    opens: tuple[str, ...] = ()
    who: str = "boss"
    status: int = 200


UNTICKED = ".take .tick:not(:has(:checked))"
PAGES: tuple[PageToSee, ...] = (
    PageToSee(name="sign-in", path="/sign-in/", who="nobody"),
    PageToSee(name="forgot", path="/forgot/", who="nobody"),
    PageToSee(name="link", path="{link}", who="nobody"),
    PageToSee(name="link-gone", path="/link/nonsense/", who="nobody", status=410),
    PageToSee(name="projects", path="/"),
    PageToSee(name="project", path="{project}"),
    PageToSee(name="project-empty", path="{empty}"),
    PageToSee(name="line", path="{line}"),
    PageToSee(name="line-advanced", path="{line}?tweak={done}"),
    PageToSee(
        name="line-ticked",
        path="{line}",
        opens=(UNTICKED, UNTICKED, ".take[data-number='1'] .notes > summary"),
    ),
    PageToSee(name="line-viewer", path="{line}", who="viewer"),
    PageToSee(name="line-no-takes", path="{bare_line}"),
    PageToSee(name="take", path="/takes/{done}/"),
    PageToSee(name="line-answer", path="{line}?tweak={done}&answer={comment}"),
    PageToSee(name="guest", path="{guest}", who="nobody"),
    PageToSee(name="guest-gone", path="/guest/nonsense/", who="nobody", status=410),
    PageToSee(name="take-viewer", path="/takes/{done}/", who="viewer"),
    PageToSee(name="take-unknown", path="/takes/{unknown}/"),
    PageToSee(name="take-failed", path="/takes/{failed}/"),
    PageToSee(name="sweep-new", path="{bare_line}sweep/"),
    PageToSee(
        name="sweep-new-faults",
        path="{bare_line}sweep/?many=0&knob_1=top_k&values_1=9999&knob_2=top_k",
    ),
    PageToSee(name="sweep", path="/sweeps/{sweep}/"),
    PageToSee(name="sweep-viewer", path="/sweeps/{sweep}/", who="viewer"),
    PageToSee(
        name="sweep-under-way", path="/sweeps/{under_way}/", opens=("#sweep-stop > summary",)
    ),
    PageToSee(name="sweeps", path="{swept}sweeps/"),
    PageToSee(name="sweeps-none", path="{empty}sweeps/"),
    PageToSee(name="line-waits", path="{swept_line}"),
    PageToSee(name="history", path="{project}takes/"),
    PageToSee(name="history-none", path="{project}takes/?seed=99&archived=only"),
    PageToSee(name="activity", path="{project}activity/"),
    PageToSee(name="activity-none", path="{project}activity/?kind=deliveries"),
    PageToSee(name="deliveries", path="{project}deliveries/"),
    PageToSee(name="deliveries-none", path="{empty}deliveries/"),
    PageToSee(name="compare", path="{project}compare/?take={done}&take={second}&take={third}"),
    PageToSee(
        name="compare-blind",
        path="{project}compare/?take={done}&take={second}",
        opens=("[data-blind]",),
    ),
    PageToSee(name="listening-tests", path="{project}tests/"),
    PageToSee(name="listening-test", path="/tests/{blind}/"),
    PageToSee(name="listening-test-ranked", path="/tests/{ranked}/"),
    PageToSee(name="listening-test-viewer", path="/tests/{blind}/", who="viewer"),
    PageToSee(name="listening-test-results", path="/tests/{heard}/"),
    PageToSee(name="review-queue", path="/review/"),
    PageToSee(name="review-queue-none", path="/review/", who="viewer"),
    PageToSee(name="review", path="/review/{waiting}/"),
    PageToSee(name="review-refuse", path="/review/{waiting}/", opens=("[data-refuse]",)),
    PageToSee(name="review-viewer", path="/review/{waiting}/", who="viewer"),
    PageToSee(name="review-fell", path="/takes/{fallen}/"),
    PageToSee(name="review-superseded", path="/takes/{superseded}/"),
    PageToSee(name="review-cards", path="{film}lines/{film_line}/"),
    PageToSee(name="review-approved", path="{film}lines/{approved_line}/"),
    PageToSee(name="review-settings", path="{film}settings/"),
    PageToSee(name="review-settings-viewer", path="{film}settings/", who="viewer"),
    PageToSee(name="voices", path="/voices/"),
    PageToSee(name="voice", path="/voices/{voice}/"),
    PageToSee(
        name="voices-unlisted", path="/voices/", opens=(".unlisted details:not([open]) > summary",)
    ),
    PageToSee(name="voice-unlisted", path="/voices/{unlisted}/"),
    PageToSee(name="voice-unlisted-viewer", path="/voices/{unlisted}/", who="viewer"),
    PageToSee(name="voice-add", path="/voices/add/"),
    PageToSee(name="voice-edit", path="/voices/{voice}/edit/"),
    PageToSee(name="voice-delete", path="/voices/{voice}/delete/"),
    PageToSee(name="studio-rights", path="/people/rights/"),
    PageToSee(name="people", path="/people/"),
    PageToSee(name="settings", path="/settings/"),
    PageToSee(name="engine-status", path="/settings/engines/segmind/status/"),
    PageToSee(name="doubts", path="/settings/doubts/?do=again&jobs={doubtful}"),
    PageToSee(name="engine-status-draft", path="/settings/engines/draft/status/"),
    PageToSee(name="studio-spend", path="/settings/spend/?all=1"),
    PageToSee(name="spend", path="{project}spend/"),
    PageToSee(name="spend-none", path="{empty}spend/?since=2020-01-01&until=2020-01-31"),
    PageToSee(name="budget-over", path="{tight_line}"),
    PageToSee(name="budget-over-viewer", path="{tight}settings/", who="viewer"),
    PageToSee(name="budget-settings", path="{tight}settings/"),
    PageToSee(name="project-settings", path="{project}settings/"),
    PageToSee(name="project-delete", path="{project}delete/"),
    PageToSee(name="keys", path="{project}keys/", opens=(".key-more:not([open]) > summary",)),
    PageToSee(name="keys-none", path="{empty}keys/"),
    PageToSee(name="key-revoke", path="{project}keys/{key}/revoke/"),
    PageToSee(name="reference", path="/reference/", who="viewer"),
    PageToSee(name="account", path="/account/"),
    PageToSee(name="notices", path="/notices/"),
    PageToSee(name="notices-none", path="/notices/", who="viewer"),
    PageToSee(name="not-found", path="/p/nowhere/", status=404),
    PageToSee(name="not-allowed", path="/people/", who="viewer", status=403),
)


@dataclass(frozen=True, kw_only=True)
class Tour:
    """What `PAGES` need: addresses, and the sessions of who looks at them."""

    words: Mapping[str, Any]
    cookies: Mapping[str, str | None]

    def visit(self, window: Window, page: PageToSee) -> Response:
        """Open the page in a window of the right person, and see that it is the one meant."""
        window.expects(page.status)
        answer = window.goto(page.path.format(**self.words))
        assert answer.status == page.status, f"{page.name}: {answer.status}"
        for selector in page.opens:
            window.page.locator(selector).locator("visible=true").first.click()
        return answer


def set_out(scene: Scene, provider: Upstream) -> Tour:
    """Takes in every state; needs a studio that is configured for `provider`."""
    project = scene.project(*LINES, name="Skyline, winter spot")
    empty = scene.project(name="Nothing yet")
    swept = scene.project(LINES[1], LINES[0], name="Skyline, sweeps")
    roles = {project.slug: "owner", empty.slug: "owner", swept.slug: "owner"}
    boss, boss_cookie = scene.person("mara", root=True, roles=roles)
    viewer, viewer_cookie = scene.person(
        "vito", roles={project.slug: "viewer", swept.slug: "viewer"}
    )
    first, second, _ = project.lines
    scene.takes(first, seed=42)
    scene.takes(first, 2, seed=1207, temperature=1.1, repetition_penalty=1.5)
    scene.takes(first, seed=7)
    made = scene.studio.run_python(_TAKES, line=first, other=second, boss=boss)
    scene.studio.run_python(_DELIVERIES, slug=project.slug)
    scene.studio.run_python(_STALE, line=first, text=LINES[0].replace("days", "nights"))
    provider.rule("job", "slow", seconds=600, match=LINES[1])
    scene.takes(second, 1, engine="segmind", finished=False)
    provider.wait_for("submit")
    scene.studio.run_python(_NOTICES, slug=project.slug, boss=boss, line=first)
    blind, ranked, heard = scene.studio.run_python(
        _TESTS, slug=project.slug, boss=boss, takes=made["done"][:3]
    )
    said = scene.studio.run_python(_COMMENTS, take=made["done"][0], boss=boss)
    film = scene.studio.run_python(FILM, boss=boss, viewer=viewer)
    door = scene.studio.run_python(DOOR, slug=project.slug, boss=boss)
    tight = scene.project("Nothing is left for this one.", name="Tight spot")
    scene.studio.run_python(MONEY, line=tight.lines[0], boss=boss, viewer=viewer)
    words = {
        **said,
        "tight": tight.path,
        "tight_line": tight.line(1),
        **film,
        **door,
        **scene.studio.run_python(SWEEPS, slug=swept.slug),
        "swept": swept.path,
        "project": project.path,
        "blind": blind,
        "ranked": ranked,
        "heard": heard,
        "empty": empty.path,
        "line": project.line(1),
        "bare_line": project.line(3),
        "link": scene.studio.run_python(_PEOPLE_AND_LINKS, slug=project.slug, boss=boss),
        "done": made["done"][0],
        "second": made["done"][1],
        "third": made["done"][2],
        "unknown": made["unknown"],
        "doubtful": made["doubtful"],
        "failed": made["failed"],
        "voice": scene.studio.run_python(
            "from speech.models import Voice\nresult = Voice.objects.get(is_demo=True).pk"
        ),
    }
    cookies = {"boss": boss_cookie, "viewer": viewer_cookie, "nobody": None}
    return Tour(words=words, cookies=cookies)

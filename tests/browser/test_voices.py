"""Voices: a clip comes in, is checked in the open, and reads a line."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.audio import sounds
from tests.browser.scene import Scene
from tests.studio_process import wait_until

STATE = """
from speech.models import Voice
voice = Voice.objects.filter(name=given["name"]).first()
result = voice and voice.state
"""


def clip_of(folder: Path, seconds: float, kind: str = "wav") -> Path:
    """A file that sounds like somebody speaking."""
    path = folder / f"amara.{kind}"
    path.write_bytes(sounds.encoded(sounds.voice(seconds), kind))
    return path


def fill_in(page: Page, *, name: str, clip: Path | None = None, address: str = "") -> None:
    page.get_by_label("Name", exact=True).fill(name)
    if clip:
        page.locator("[name=upload]").set_input_files(clip)
    page.locator("[name=source_url]").fill(address)
    page.get_by_label("Who gave consent").fill("Amara O.")
    page.get_by_label("What for").fill("All product films, 2026")


def test_it_takes_an_uploaded_clip_checks_it_and_reads_with_it(
    scene: Scene, tmp_path: Path
) -> None:
    script = scene.project("Seven days on one charge.")
    window = scene.seat(script)
    window.goto("/voices/")
    window.link("Add a voice").click()
    fill_in(window.page, name="Amara, warm", clip=clip_of(tmp_path, 8, "mp3"))
    window.button("Add the voice").click()
    panel = window.page.locator("#voice-state")
    expect(panel.locator(".chip", has_text="Ready")).to_be_visible(timeout=15_000)
    expect(panel.locator(".findings")).to_contain_text("8")
    window.button("Play Amara, warm").click()
    window.hears("/media/voices/")
    window.goto(script.line())
    window.page.get_by_label("Voice", exact=True).select_option(label="Amara, warm")
    window.button("Generate 1 take").click()
    expect(window.take_is(1, "done")).to_contain_text("Amara, warm")


def test_it_refuses_a_clip_that_is_too_short_with_a_sentence(scene: Scene, tmp_path: Path) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.goto("/voices/add/")
    fill_in(window.page, name="Too short", clip=clip_of(tmp_path, 2))
    window.button("Add the voice").click()
    panel = window.page.locator("#voice-state")
    expect(panel).to_contain_text("This clip cannot be used.", timeout=15_000)
    expect(panel).to_contain_text("5")
    window.goto(script.line())
    voices = window.page.get_by_label("Voice", exact=True).locator("option")
    assert "Too short" not in voices.all_inner_texts()


def test_it_refuses_a_file_that_is_not_sound(scene: Scene, tmp_path: Path) -> None:
    window = scene.seat(scene.project("Seven days."))
    fake = tmp_path / "voice.wav"
    fake.write_bytes(b"#EXTM3U\nhttp://169.254.169.254/latest/\n")
    window.goto("/voices/add/")
    fill_in(window.page, name="No sound", clip=fake)
    window.button("Add the voice").click()
    expect(window.page.locator("#voice-state")).to_contain_text(
        "This clip cannot be used.", timeout=15_000
    )


def test_it_never_fetches_a_private_address(scene: Scene) -> None:
    window = scene.seat(scene.project("Seven days."))
    window.expects(422)
    window.goto("/voices/add/")
    fill_in(window.page, name="Insider", address="http://169.254.169.254/latest/voice.wav")
    window.button("Add the voice").click()
    trouble = window.page.locator(".errorlist, #voice-state .banner.bad").first
    expect(trouble).to_be_visible(timeout=15_000)
    expect(trouble).to_contain_text("address")


def test_it_asks_for_a_clip_and_for_consent_and_keeps_what_was_typed(scene: Scene) -> None:
    window = scene.seat(scene.project("Seven days."))
    window.expects(422)
    window.goto("/voices/add/")
    window.page.get_by_label("Name", exact=True).fill("Nobody yet")
    window.button("Add the voice").click()
    expect(window.page.locator(".errorlist")).to_have_count(3)
    expect(window.page.get_by_label("Name", exact=True)).to_have_value("Nobody yet")


def test_it_adds_a_voice_without_javascript(scene: Scene, tmp_path: Path) -> None:
    window = scene.seat(scene.project("Seven days."), javascript=False)
    window.goto("/voices/")
    window.link("Add a voice").click()
    fill_in(window.page, name="Plain Amara", clip=clip_of(tmp_path, 8))
    window.button("Add the voice").click()
    expect(window.page.get_by_role("heading", name="Plain Amara")).to_be_visible()
    wait_until(
        lambda: scene.studio.run_python(STATE, name="Plain Amara") == "ready",
        what="the clip is checked",
    )
    window.page.reload()
    expect(window.page.locator("#voice-state .chip", has_text="Ready")).to_be_visible()
    expect(window.page.locator("#voice-state audio")).to_have_attribute("controls", "")


def test_it_says_what_deleting_a_voice_touches(scene: Scene, tmp_path: Path) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.goto("/voices/add/")
    fill_in(window.page, name="Short stay", clip=clip_of(tmp_path, 8))
    window.button("Add the voice").click()
    expect(window.page.locator("#voice-state .chip", has_text="Ready")).to_be_visible(
        timeout=15_000
    )
    window.link("Delete…").click()
    window.sees("No project and no line uses it.")
    window.button("Delete the voice and its clip").click()
    window.sees("and its clip are deleted")
    expect(window.link("Short stay")).to_have_count(0)

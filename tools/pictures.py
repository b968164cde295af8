"""Makes the pictures of the documentation anew: what each face of the program really shows, in ``docs/screenshots``.

    .venv/bin/python tools/pictures.py [NAME…]

Chat, desk and editors' page are photographed in Chromium while ``safetybot demo`` runs. Nobody can photograph Telegram
here: its pictures are drawn from the messages that ``safetybot run`` sends to the tests' Bot API server, with text,
marks and buttons as sent, on a page like a phone's screen. On Debian: ``apt-get install chromium pngquant``.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from string import Template

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for the emulator, which is of the tests

from tests.browser.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.browser.window import PHONE  # noqa: E402
from tests.e2e.phone import Phone  # noqa: E402
from tests.e2e.program import MODULE, Place, Program, environment  # noqa: E402
from tests.emulator import Emulator, Sent  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
MOST_BYTES = 150_000
BLACKMAIL = "he says hell post my pics unless i pay"
EMERGENCY = "she took all her tablets and wont wake up"
DESKTOP = (1100, 844)
SECONDS = 300
"""For the first start, which may have to learn."""
TELEGRAM = Template(
    """<!doctype html><html lang="en"><meta charset="utf-8"><title>Telegram</title><style>
* { box-sizing: border-box }
body { margin: 0; background: #c8d9c3; font: 15.5px/1.36 Roboto, "Noto Sans", "DejaVu Sans", sans-serif; color: #111 }
header { position: sticky; top: 0; display: flex; gap: 12px; align-items: center; padding: 10px 16px; background: #fff;
  box-shadow: 0 1px 2px #0002 }
header i { width: 40px; height: 40px; border-radius: 50%; background: #3d8fd1; color: #fff;
  font: 600 19px/40px sans-serif; text-align: center }
header b { display: block } header small { color: #6b7780; font-size: 13px }
main { padding: 10px; display: flex; flex-direction: column; gap: 6px }
.theirs, .bot { max-width: 320px; padding: 8px 11px; border-radius: 15px; white-space: pre-wrap;
  overflow-wrap: anywhere }
.theirs { align-self: flex-end; background: #e6fdd5; border-bottom-right-radius: 4px }
.message { max-width: 330px } .bot { max-width: none; background: #fff; border-bottom-left-radius: 4px }
a { color: #1a6fb5; text-decoration: none }
.row { display: flex; gap: 4px; margin-top: 4px }
.row span { flex: 1; padding: 8px 6px; border-radius: 9px; background: #55795bb0; color: #fff; text-align: center;
  font-size: 14px; font-weight: 500 }
</style><header><i>S</i><div><b>Online safety</b><small>bot</small></div></header><main>$messages</main></html>"""
)


def telegram_page(theirs: str, messages: Sequence[Sent]) -> str:
    """A phone's screen with what somebody wrote, and with what the bot sent, as it was sent."""
    parts = [f'<div class="theirs">{escape(theirs)}</div>']
    for message in messages:
        rows = "".join(
            f'<div class="row">{"".join(f"<span>{escape(words)}</span>" for words, _ in row)}</div>'
            for row in message.keyboard
        )
        # Telegram's HTML, which the emulator has parsed as strictly as Telegram does.
        parts.append(f'<div class="message"><div class="bot">{message.raw}</div>{rows}</div>')
    return TELEGRAM.substitute(messages="".join(parts))


class Camera:
    """Takes the pictures that are wanted, small enough to be loaded by whoever reads a page."""

    def __init__(self, browser: Browser, wanted: Sequence[str]) -> None:
        self._browser = browser
        self._wanted = wanted

    def wants(self, *names: str) -> bool:
        return not self._wanted or any(name in self._wanted for name in names)

    @asynccontextmanager
    async def page(self, size: tuple[int, int], *, dark: bool = False) -> AsyncIterator[Page]:
        """A window of its own."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            reduced_motion="reduce",
            device_scale_factor=2 if size == PHONE else 1,
        )
        try:
            yield await context.new_page()
        finally:
            await context.close()

    async def takes(self, name: str, page: Page) -> None:
        """A picture of what the window shows."""
        if not self.wants(name):
            return
        file = OUT / f"{name}.png"
        await page.screenshot(path=file, animations="disabled", caret="hide")
        shrink = ["pngquant", "--force", "--strip", "--speed", "1", "--output", str(file), "64", str(file)]
        await asyncio.to_thread(subprocess.run, shrink, check=True)
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}  {size // 1000} kB")
        if size > MOST_BYTES:
            raise SystemExit(f"{name} is too large for a page")


# --- Telegram ------------------------------------------------------------------------------------------------------


async def telegram(camera: Camera, folder: Path) -> None:
    """An answer, and the emergency card, as they are sent."""
    place = Place.make(folder / "telegram", ROOT / "content", cache())
    async with Emulator() as emulator:
        program = Program(place, emulator)
        await program.start()
        try:
            async with asyncio.timeout(SECONDS):
                while not emulator.counts["getUpdates"]:
                    assert program.running, program.printed
                    await asyncio.sleep(0.1)
            for number, (name, text) in enumerate((("telegram-answer", BLACKMAIL), ("telegram-emergency", EMERGENCY))):
                sent = await Phone(emulator, 7_000_000_001 + number).says(text)
                async with camera.page(PHONE) as page:
                    await page.set_content(telegram_page(text, sent))
                    await camera.takes(name, page)
        finally:
            await program.stop()


# --- The demo ------------------------------------------------------------------------------------------------------


class Demo:
    """``safetybot demo``, and what it prints."""

    def __init__(self, printed: str) -> None:
        self._printed = printed

    def after(self, words: str) -> str:
        """What stands behind ``words`` on their line."""
        found = re.search(rf"^ *{re.escape(words)} +(\S.*)$", self._printed, re.MULTILINE)
        assert found, self._printed
        return found[1].strip()


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Demo]:
    """It runs while the block does."""
    ports = {"WEB_PORT": "0", "DESK_PORT": "0", "PREVIEW_PORT": "0"}
    place = Place.make(folder / "demo", ROOT / "content", cache())
    process = await asyncio.create_subprocess_exec(
        *MODULE,
        "demo",
        cwd=place.folder,
        env=environment({"DATA": place.data, "CONTENT": place.content, **ports}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    printed = ""
    try:
        async with asyncio.timeout(SECONDS):
            while not printed.rstrip().endswith("and stays."):
                line = await process.stdout.readline()
                assert line, printed
                printed += line.decode()
        yield Demo(printed)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def web_chat(camera: Camera, address: str) -> None:
    """The same two in the web chat; the second in the dark."""
    for name, text, dark in (("phone-answer", BLACKMAIL, False), ("phone-emergency-dark", EMERGENCY, True)):
        async with camera.page(PHONE, dark=dark) as page:
            await page.goto(address)
            await page.fill("#text", text)
            await page.click(".send")
            await page.locator("#log > li").nth(2).wait_for(timeout=60_000)  # after the greeting and what was sent
            await page.mouse.move(0, 0)  # from the button, over what has taken its place
            await camera.takes(name, page)


async def desk(camera: Camera, found: Demo) -> None:
    """The queue, and a case."""
    async with camera.page(DESKTOP) as page:
        await page.goto(found.after("The desk, where staff read reports"))
        await page.fill("input[name=name]", found.after("Log in at the desk as"))
        await page.fill("input[name=passphrase]", found.after("passphrase"))
        await page.click("main button[type=submit], main form button")
        await page.fill("input[name=code]", found.after("then one of these").split()[0])
        await page.click("main button[type=submit], main form button")
        await page.get_by_role("heading", name="Queue").wait_for()
        await page.goto(found.after("The desk, where staff read reports"))  # without what is said at a log-in
        await camera.takes("desk-queue", page)
        await page.locator("#queue-list a[href^='/cases/']").first.click()
        await page.get_by_role("button", name="Open this case").click()
        await page.get_by_text(re.compile("What happened", re.IGNORECASE)).first.wait_for()
        await camera.takes("desk-case", page)


async def preview(camera: Camera, address: str) -> None:
    """A message that is tried."""
    async with camera.page(DESKTOP) as page:
        await page.goto(f"{address}/try")
        await page.fill("textarea", BLACKMAIL)
        await page.get_by_role("button", name="Try it").click()
        await page.get_by_role("heading", name="Why").wait_for(timeout=120_000)
        await camera.takes("preview", page)


def cache() -> Path:
    """Where what was learnt is kept from time to time; nothing in it is about anybody."""
    folder = ROOT / "data" / "cache"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def main(wanted: Sequence[str]) -> None:
    """Takes them all, or those of these names."""
    if shutil.which("pngquant") is None:
        raise SystemExit("pngquant makes the pictures small: on Debian, apt-get install pngquant")
    OUT.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        camera = Camera(browser, wanted)
        with tempfile.TemporaryDirectory(prefix="pictures-") as name:
            folder = Path(name)
            if camera.wants("telegram-answer", "telegram-emergency"):
                await telegram(camera, folder)
            if camera.wants("phone-answer", "phone-emergency-dark", "desk-queue", "desk-case", "preview"):
                async with demo(folder) as found:
                    await web_chat(camera, found.after("The chat, as young people see it"))
                    await desk(camera, found)
                    await preview(camera, found.after("The editors' page"))
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="*", help="only these pictures, such as desk-queue")
    asyncio.run(main(parser.parse_args().name))

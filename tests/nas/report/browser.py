"""A real Chromium without a window, driven over a pipe by the Chrome DevTools protocol; no library, no network."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--remote-debugging-pipe",
)
REPLY = 60  # seconds that a command may take on a machine with other work
COLOURS = {False: "light", True: "dark"}


def program() -> str | None:
    """The browser's path; None where there is none."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Browser:
    """One tab. ``errors`` are what its console and its scripts complained of, ``requests`` what it asked for."""

    def __init__(self, profile: Path) -> None:
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]  # above 3 and 4
        words = [str(program()), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        silent = [(os.POSIX_SPAWN_OPEN, handle, os.devnull, os.O_RDWR, 0) for handle in (1, 2)]
        pipes = [(os.POSIX_SPAWN_DUP2, end, handle) for end, handle in zip(ends, (3, 4), strict=True)]
        self._process = os.posix_spawn(words[0], words, os.environ, file_actions=[*silent, *pipes])
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        self._buffer, self.sent, self._session = b"", 0, ""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._attach()

    def _attach(self) -> None:
        target = next(t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result. Raises RuntimeError where the browser refuses it."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read_message()
            if answer.get("id") == self.sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self._note(answer)

    def read_message(self) -> dict[str, Any]:
        """The next answer or event. Raises TimeoutError and RuntimeError where none comes."""
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], REPLY)[0]:
                raise TimeoutError(f"the browser has been silent for {REPLY} s")
            data = os.read(self._in, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
            self.errors.append(str([argument.get("value") for argument in parameters["args"]]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])

    def view(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """A viewport of this size in CSS pixels, as device emulation gives it, and the colours that its owner
        prefers."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        colours = [{"name": "prefers-color-scheme", "value": COLOURS[dark]}]
        self.send("Emulation.setEmulatedMedia", media=media, features=colours)

    def open(self, page: Path) -> float:
        """Open a file and wait until its tables and its first figure are there; returns the seconds that took. Errors
        and requests of former pages are forgotten."""
        self.errors.clear()
        self.requests.clear()
        self.value("delete document.documentElement.dataset.ready; delete document.documentElement.dataset.drawn")
        begin = time.monotonic()
        self.send("Page.navigate", url=page.resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready", REPLY)
        return time.monotonic() - begin

    def wait(self, expression: str, seconds: float = 20) -> Any:
        """The value of an expression, once it is true. Raises AssertionError after ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.value(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"not true within {seconds} s: {expression}; {self.errors}")

    def value(self, expression: str) -> Any:
        """What an expression of the page gives, as plain data; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return answer["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """``mouseMoved``, ``mousePressed`` or ``mouseReleased`` at a point of the viewport."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Move to a point and click."""
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", buttons=1, clickCount=1)

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at one point, move, and let go at another."""
        self.mouse("mouseMoved", *begin)
        self.mouse("mousePressed", *begin, button="left", buttons=1, clickCount=1)
        for share in (0.3, 0.7, 1.0):
            point = (a + share * (b - a) for a, b in zip(begin, end, strict=True))
            self.mouse("mouseMoved", *point, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", buttons=1, clickCount=1)

    def key(self, key: str) -> None:
        """Press a key, such as ``Enter`` or ``ArrowDown``."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def type(self, selector: str, text: str) -> None:
        """Put a text into a field as if it were typed."""
        field = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{field}.value = {json.dumps(text)}; {field}.dispatchEvent(new Event('input', {{bubbles: true}}))")

    def picture(self, path: Path, *, whole: bool = False) -> Path:
        """Write a PNG of the viewport, or of the whole page."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def close(self) -> None:
        """End the browser."""
        try:
            session, self._session = self._session, ""
            if session:
                self.send("Browser.close")
        except (OSError, RuntimeError, TimeoutError):
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        for handle in (self._out, self._in):
            os.close(handle)

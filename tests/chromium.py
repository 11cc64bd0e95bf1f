"""A real Chromium that reads a page as a person's browser does, without a window; where there is none, a plain GET."""

import shutil
import subprocess
import tempfile
import urllib.request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_LONGEST_S = 300


def read(url: str, language: str) -> str:
    """Return the document as the browser holds it once it has loaded, in a profile of its own.

    Args:
        url: The page.
        language: What its reader prefers, for example ``zh-CN``.
    """
    if CHROMIUM is None:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Language": language})) as answer:
            return str(answer.read().decode())
    with tempfile.TemporaryDirectory(prefix="sancai-chromium-") as profile:
        done = subprocess.run(
            [
                CHROMIUM,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={profile}",
                f"--accept-lang={language}",
                "--enable-logging=stderr",
                "--dump-dom",
                url,
            ],
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=True,
        )
    # What the page may not load, or loads in vain, the browser says on its console.
    assert ":CONSOLE" not in done.stderr, done.stderr
    return done.stdout

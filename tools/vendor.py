"""Renew the scripts and icons that come from elsewhere: fetched by npm, checked against the lock file, copied.

    python tools/vendor.py            fetch what tools/vendored/package-lock.json names and write the files
    python tools/vendor.py --renew    take the versions of package.json anew and write the lock file first

Needs node and npm; nobody else does: the files are part of the project. ECharts is bundled down to what is drawn
(tools/vendored/charts.js), of the icons those named in tools/vendored/icons.txt become masks of one style sheet;
everything else is copied as published. Licences come along. The lock file holds hashes and no addresses.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
HERE = ROOT / "tools" / "vendored"
STATIC = ROOT / "src" / "laoke" / "foundation" / "static" / "laoke" / "vendor"
TESTS = ROOT / "tests" / "browser" / "vendor"

# Where a published file goes, and the licence that goes with it.
COPIES = (
    ("htmx.org", "dist/htmx.min.js", STATIC / "htmx.js", "LICENSE"),
    ("@alpinejs/csp", "dist/cdn.min.js", STATIC / "alpine.js", None),
    ("axe-core", "axe.min.js", TESTS / "axe.min.js", "LICENSE"),
)


def main(arguments: list[str]) -> None:
    """Fetch and write."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", "charts.js"):
            if (HERE / name).exists():
                shutil.copy(HERE / name, work)
        if "--renew" in arguments:
            (work / "package-lock.json").unlink(missing_ok=True)
            npm(work, "install")
            shutil.copy(work / "package-lock.json", HERE)
        else:
            npm(work, "ci")
        write(work)


def npm(work: Path, command: str) -> None:
    """Run npm without scripts of packages, and without addresses in the lock file."""
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(
        ["npm", command, "--ignore-scripts", "--omit-lockfile-registry-resolved", *quiet],
        cwd=work,
        check=True,
    )


def write(work: Path) -> None:
    """Put the files and their licences into the project, with one list of what they are."""
    packages = work / "node_modules"
    STATIC.mkdir(parents=True, exist_ok=True)
    TESTS.mkdir(parents=True, exist_ok=True)
    known = []
    for package, file, target, licence in COPIES:
        told = json.loads((packages / package / "package.json").read_text())
        text = (packages / package / file).read_text()
        # Without its map beside it, a reference to one only makes developer tools complain.
        lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
        target.write_text("\n".join(lines) + "\n")
        if licence:
            (target.parent / f"{target.stem}.LICENSE").write_text((packages / package / licence).read_text())
        known.append((package, told["version"], told["license"], target))
    # The published package comes without its licence text.
    shutil.copy(HERE / "alpine.LICENSE", STATIC)
    charts(work)
    icons(packages / "@tabler" / "icons")
    told = json.loads((packages / "echarts" / "package.json").read_text())
    for name in ("LICENSE", "NOTICE"):
        (STATIC / f"echarts.{name}").write_text((packages / "echarts" / name).read_text())
    known.append(("echarts", told["version"], told["license"], STATIC / "echarts.js"))
    (STATIC / "README.md").write_text(listed(known))


def charts(work: Path) -> None:
    """Bundle the part of ECharts that is used, for the oldest browsers the console supports."""
    program = work / "node_modules" / ".bin"
    bundle = work / "bundle.js"
    target = "--target=chrome109,safari15.4"
    subprocess.run(
        [
            *(program / "esbuild", "charts.js", "--bundle", "--format=iife", "--global-name=echarts", target),
            *('--define:process.env.NODE_ENV="production"', f"--outfile={bundle}", "--log-level=error"),
        ],
        cwd=work,
        check=True,
    )
    subprocess.run(
        [
            *(program / "terser", bundle, "--compress", "passes=3,ecma=2020", "--mangle"),
            *("--comments", "/Apache/", "--output", STATIC / "echarts.js"),
        ],
        check=True,
    )


def icons(package: Path) -> None:
    """Write each icon of the list as the mask of a class, so that it takes the colour of the text."""
    version = json.loads((package / "package.json").read_text())["version"]
    rules = [
        f"/* Of @tabler/icons {version} (MIT, Paweł Kuna; see icons.LICENSE), as CSS masks, by tools/vendor.py. */"
    ]
    for name in sorted((HERE / "icons.txt").read_text().split()):
        drawn = (package / "icons" / "outline" / f"{name}.svg").read_text()
        shapes = "".join(re.findall(r"<(?:path|circle|line|rect)[^>]*/>", drawn)).replace('"', "'")
        shapes = re.sub(r"\s*/>", "/>", shapes).replace("<", "%3C").replace(">", "%3E")
        rules.append(f'.ti-{name}{{--i:url("data:image/svg+xml,{_OPEN}{shapes}%3C/svg%3E")}}')
    (STATIC.parent / "icons.css").write_text("\n".join(rules) + "\n")
    (STATIC.parent / "icons.LICENSE").write_text((package / "LICENSE").read_text())


_OPEN = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' stroke-width='1.75' "
    "stroke-linecap='round' stroke-linejoin='round'%3E"
)


def listed(known: list[tuple[str, str, str, Path]]) -> str:
    """The page that says what lies here."""
    rows = "\n".join(
        f"| `{path.relative_to(ROOT)}` | {package} | {version} | {licence} |"
        for package, version, licence, path in sorted(known)
    )
    return (
        "# Scripts from elsewhere\n\n"
        "Written by `python tools/vendor.py`; change versions in tools/vendored/package.json, never here.\n\n"
        f"| file | package | version | licence |\n| --- | --- | --- | --- |\n{rows}\n\n"
        "`echarts.js` is a bundle of the parts named in tools/vendored/charts.js.\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])

"""Installs ComfyUI node packs: install_plugins.py '[{"repo": URL, "ref": COMMIT, "folder": NAME}, …]' [COMFY].

Runs when an image is built and, before ComfyUI starts, for the packs that an app adds. A pack counts as installed once
there is a record of it; whatever ended before that is done anew. One that cannot be had, or whose packages cannot,
ends it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

# git's words for what the network is to blame for.
FLEETING = re.compile(r"resolve host|timed out|too slow|early EOF|RPC failed|hung up|reset|returned error: (429|5\d\d)")
PAUSES = (2, 8)
TIMELESS = datetime.fromtimestamp(0, timezone.utc)


def main(text, comfy="/opt/comfy"):
    plugins = parse(text)
    for at, plugin in enumerate(plugins):
        if any(folder_of(other) == folder_of(plugin) for other in plugins[:at]):
            raise SystemExit(f"{plugin['repo']}: there is a pack in {folder_of(plugin)} already; drop one of the two")
    for plugin in plugins:
        bring(plugin, Path(comfy))


def parse(text):
    plugins = json.loads(text)
    if not isinstance(plugins, list):
        raise SystemExit(f"the plugins are {text}; give a list of repo and ref")
    for plugin in plugins:
        if not isinstance(plugin, dict) or not all(str(plugin.get(key) or "").strip() for key in ("repo", "ref")):
            raise SystemExit(f"the plugins hold {json.dumps(plugin)}; give repo and ref")
    return plugins


def folder_of(plugin):
    # git@example.com:pack.git has no slash.
    return plugin.get("folder") or re.split("[/:]", plugin["repo"].rstrip("/"))[-1].removesuffix(".git")


def bring(plugin, comfy):
    folder = comfy / "custom_nodes" / folder_of(plugin)
    if folder.exists() and not (folder / ".git").exists():
        raise SystemExit(
            f"{plugin['repo']}: {folder.name} is there, and is no clone; choose another folder for the pack"
        )
    # Beside the packages, which a volume does not keep either.
    record = comfy / "installed_nodes" / f"{folder.name}.json"
    record.unlink(missing_ok=True)
    # ComfyUI loads no folder of such a name.
    fresh, former = (folder.with_name(f"{folder.name}.{age}.disabled") for age in ("new", "old"))
    for left in (fresh, former):
        shutil.rmtree(left, ignore_errors=True)
    fetch(fresh, plugin["repo"], plugin["ref"])
    if folder.exists():
        folder.rename(former)
    fresh.rename(folder)
    shutil.rmtree(former, ignore_errors=True)
    install(folder, comfy)
    write(record, {"commit": commit_of(folder), "requirements": requirements_of(folder)})


def fetch(folder, repo, ref):
    print(f"{repo} at {ref}", flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    git(folder.parent, "init", "-q", folder.name)
    git(folder, "fetch", "-q", "--depth", "1", "--", repo, ref)
    git(folder, "-c", "advice.detachedHead=false", "checkout", "-q", "FETCH_HEAD")
    git(folder, "submodule", "-q", "update", "--init", "--recursive", "--depth", "1")


def install(folder, comfy):
    """Packages, none newer than the pack or ComfyUI, whichever is newer: the same commits give the same ones."""
    requirements = folder / "requirements.txt"
    if not requirements.is_file():
        return
    before = max(date_of(folder), date_of(comfy))
    pip = (sys.executable, "-m", "pip", "install", "-q", "--uploaded-prior-to", before.isoformat(), "-r", requirements)
    if subprocess.run(pip).returncode != 0:
        raise SystemExit(f"pip does not install {requirements}")


def requirements_of(folder):
    file = folder / "requirements.txt"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def commit_of(folder):
    return git(folder, "rev-parse", "HEAD").strip()


def date_of(folder):
    if not (folder / ".git").exists():
        return TIMELESS
    return datetime.fromtimestamp(int(git(folder, "log", "-1", "--format=%ct")), timezone.utc)


def write(file, document):
    """All of it or nothing."""
    file.parent.mkdir(exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(document))
    fresh.replace(file)


def git(folder, *arguments):
    """Tried again where the network is to blame. Returns what git says."""
    # In a hook of git's those would say which repository is meant. Whoever owns ComfyUI's: nothing of it is run.
    env = {
        name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    }
    env |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
    }
    command = ("git", "-C", str(folder), "-c", "safe.directory=*", *arguments)
    for pause in (*PAUSES, None):
        ended = subprocess.run(command, env=env, capture_output=True, text=True)
        if ended.returncode == 0:
            return ended.stdout
        print(ended.stderr.strip(), flush=True)
        if pause is None or not FLEETING.search(ended.stderr):
            reason = ended.stderr.partition("\n")[0]
            raise SystemExit(f"git {arguments[0]} failed: {reason}")
        print(f"git {arguments[0]} is tried again in {pause} s", flush=True)
        time.sleep(pause)


if __name__ == "__main__":
    main(*sys.argv[1:])

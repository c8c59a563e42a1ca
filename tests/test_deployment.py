"""Installations as the guide describes them: what the bot is told there, and how it is called."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.pages.app import PREFIX, VISITOR_PREFIXES
from bot.preview.server import OWN_PAGES
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
UNIT = (ROOT / "deploy/territoires-industrie-bot.service").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
GUIDE = (ROOT / "docs/exploitation.md").read_text("utf-8")
CODE = "/opt/territoires-industrie-bot"
SETTINGS = [name.upper() for name in Settings.model_fields]
# What a file set that was copied from any example, and filled in or not.
EMPTY = "".join(f"{name}=\n" for name in SETTINGS)


def assigned(lines: str) -> dict[str, str]:
    """Read a file of variables as systemd and Docker do, in the simple form of the example."""
    pairs = [line.partition("=") for line in lines.splitlines() if re.match(r"[A-Z_]+=", line)]
    return {name: value.strip() for name, _, value in pairs}


def of_unit(*keys: str) -> list[str]:
    """Return the unit's lines of these keys."""
    return [line for line in UNIT.splitlines() if line.partition("=")[0] in keys]


class Machine:
    """A folder that stands for /opt, /etc and /var/lib; its Python tells its environment."""

    def __init__(self, folder: Path) -> None:
        self.code, self.state, self.tools = folder / "opt", folder / "state", folder / "tools"
        self.settings = folder / "etc/territoires-industrie-bot.env"
        for place in (self.state, self.tools, self.settings.parent, self.code / ".venv/bin"):
            place.mkdir(parents=True)
        shutil.copytree(ROOT / "deploy", self.code / "deploy")
        script = self.code / "deploy/ti-bot"
        script.write_text(script.read_text("utf-8").replace("/etc/", f"{folder}/etc/"), "utf-8")
        (self.code / "knowledge").mkdir()
        for file in (ROOT / "knowledge").glob("*.yaml"):
            shutil.copy(file, self.code / "knowledge")
        self.python('env --null; printf "%s\\0" "ARGUMENTS=$*"')

    def python(self, does: str) -> None:
        """Let the installation's Python be a shell script."""
        self._script(self.code / ".venv/bin/python", does)

    def tool(self, name: str, does: str) -> None:
        """Put a program first on the path."""
        self._script(self.tools / name, does)

    def start(self, file: str) -> dict[str, str]:
        """Do what the service does at a start; return what the bot is told."""
        words = [word for line in of_unit("Environment") for word in line.split("=", 1)[1].split()]
        folders = {"STATE_DIRECTORY": str(self.state), "CACHE_DIRECTORY": f"{self.state}/cache"}
        # systemd.exec(5): "settings from these files override settings made with Environment=".
        environment = folders | assigned("\n".join(words)) | assigned(file)
        told = ""
        for line in of_unit("ExecStartPre", "ExecStart"):
            command = shlex.split(line.partition("=")[2].replace(CODE, str(self.code)))
            done = self.run(*command, **environment)
            assert done.returncode == 0, done.stderr
            told = done.stdout
        return dict(one.split("=", 1) for one in told.split("\0") if one)

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call a command as an operator does."""
        return self.run(str(self.code / "deploy/ti-bot"), *words, **environment)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program with this environment, and no other."""
        path = f"{self.tools}:{os.defpath}"
        return subprocess.run(  # noqa: S603 - what a test wrote
            command,
            env={"PATH": path} | environment,
            cwd=self.code,
            capture_output=True,
            text=True,
            check=False,
        )

    def _script(self, path: Path, does: str) -> None:
        path.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("file", [EXAMPLE, EMPTY, ""], ids=["the example", "all empty", "nothing"])
def test_the_service_keeps_to_its_own_folders(machine: Machine, file: str) -> None:
    told = machine.start(file)
    assert told["ARGUMENTS"].endswith("-m bot run")
    assert told["DATABASE_URL"] == f"sqlite+aiosqlite:///{machine.state}/bot.db"
    assert told["KNOWLEDGE_DIR"] == f"{machine.state}/knowledge"
    assert told["XDG_CACHE_HOME"] == f"{machine.state}/cache"
    shipped = {file.name for file in (ROOT / "knowledge").glob("*.yaml")}
    assert {file.name for file in (machine.state / "knowledge").iterdir()} == shipped


def test_what_the_operator_fills_in_wins(machine: Machine) -> None:
    elsewhere = "postgresql+asyncpg://bot:secret@base/bot"
    told = machine.start(f"DATABASE_URL={elsewhere}\nKNOWLEDGE_DIR=/srv/connaissance\n")
    assert (told["DATABASE_URL"], told["KNOWLEDGE_DIR"]) == (elsewhere, "/srv/connaissance")
    assert not (machine.state / "knowledge").exists(), "nobody would read it"


def test_what_facilitators_changed_outlives_a_start(machine: Machine) -> None:
    machine.start(EXAMPLE)
    changed = machine.state / "knowledge/faq.yaml"
    changed.write_text("changé", "utf-8")
    machine.start(EXAMPLE)
    assert changed.read_text("utf-8") == "changé"


def test_knowledge_that_could_be_copied_by_half_only_is_copied_again(machine: Machine) -> None:
    machine.tool("cp", "exit 1")
    with pytest.raises(AssertionError):
        machine.start(EXAMPLE)
    (machine.tools / "cp").unlink()
    machine.start(EXAMPLE)
    assert (machine.state / "knowledge/faq.yaml").is_file()


def test_a_command_is_given_what_the_service_is_given(machine: Machine) -> None:
    machine.settings.write_text(EXAMPLE, "utf-8")
    machine.tool("id", "echo 0")
    machine.tool("systemd-run", 'printf "%s\\n" "$@"')
    asked = machine.command("backup", "sauvegardes/avant.db").stdout.splitlines()
    properties = {one.removeprefix("--property=") for one in asked if one.startswith("--property")}
    file = f"EnvironmentFile={machine.settings}"
    assert file in properties
    assert properties - {file} | {"EnvironmentFile=/etc/territoires-industrie-bot.env"} == set(
        of_unit(
            *("User", "Group", "DynamicUser", "Environment", "EnvironmentFile", "UMask"),
            *("StateDirectory", "StateDirectoryMode", "CacheDirectory", "CacheDirectoryMode"),
            "WorkingDirectory",
        )
    )
    assert {"--pipe", "--wait"} < set(asked), "its words and its exit code come back"
    assert asked[-3:] == [f"{machine.code}/deploy/ti-bot", "backup", "sauvegardes/avant.db"]
    started = of_unit("ExecStart")[0].partition("=")[2].replace(CODE, str(machine.code))
    assert started.split()[0] == asked[-3]


def test_a_command_without_sudo_looks_at_no_other_installation(machine: Machine) -> None:
    machine.tool("id", "echo 1000")
    refused = machine.command("doctor")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "sudo" in refused.stderr


@pytest.mark.parametrize(("user", "file"), [("exit 1", EXAMPLE), ("echo 0", None)])
def test_a_command_says_what_the_installation_lacks(
    machine: Machine, user: str, file: str | None
) -> None:
    machine.tool("id", f'case "$1" in -u) echo 0;; *) {user};; esac')
    machine.tool("systemd-run", "echo started")
    if file is not None:
        machine.settings.write_text(file, "utf-8")
    refused = machine.command("doctor")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "docs/exploitation.md" in refused.stderr


def test_a_backup_is_of_the_database_of_the_service(machine: Machine, blank_file: Path) -> None:
    machine.python(f'PYTHONPATH={ROOT} exec {sys.executable} "$@"')
    shutil.copy(blank_file, machine.state / "bot.db")
    done = machine.command(
        *("backup", "avant.db"),
        STATE_DIRECTORY=str(machine.state),
        CACHE_DIRECTORY=str(machine.state / "cache"),
        **assigned(EXAMPLE),
    )
    assert done.returncode == 0, done.stderr
    assert (machine.state / "avant.db").is_file()


def test_the_example_sets_nothing_that_an_installation_sets() -> None:
    script = (ROOT / "deploy/ti-bot").read_text("utf-8")
    image = (ROOT / "Dockerfile").read_text("utf-8")
    unit = "\n".join(of_unit("Environment"))
    theirs = set(re.findall(r"\b([A-Z_]+)=", script + image + unit))
    assert theirs >= {"DATABASE_URL", "KNOWLEDGE_DIR", "LISTEN_HOST"}
    assert not theirs & set(assigned(EXAMPLE))


@pytest.mark.parametrize("file", [EXAMPLE, EMPTY], ids=["the example", "all empty"])
def test_containers_listen_where_the_proxy_calls_them(file: str) -> None:
    image = dict(re.findall(r"\b([A-Z_]+)=(\S+)", (ROOT / "Dockerfile").read_text("utf-8")))
    bot = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["bot"]
    # Compose: "values set in the environment attribute override those set in env_file", empty or
    # not; and both override the image's.
    told = image | assigned(file) | bot["environment"]
    assert told["LISTEN_HOST"] == "0.0.0.0"  # noqa: S104 - a container's own network
    assert f"a bot {told['LISTEN_PORT']}" in (ROOT / "deploy/Caddyfile").read_text("utf-8")
    assert f"knowledge:{told['KNOWLEDGE_DIR']}" in bot["volumes"]
    assert told["DATABASE_URL"].startswith("postgresql+asyncpg://")


def test_the_guide_installs_what_is_there() -> None:
    for path in re.findall(r"\bdeploy/[\w.-]+", GUIDE):
        assert (ROOT / path).is_file(), path
    assert os.access(ROOT / "deploy/ti-bot", os.X_OK)
    (user,) = of_unit("User")
    assert re.search(rf"sudo useradd .* {user.partition('=')[2]}\n", GUIDE)
    (file,) = of_unit("EnvironmentFile")
    assert f".env.example {file.partition('=')[2]}\n" in GUIDE


def test_the_guide_names_no_command_that_would_look_elsewhere() -> None:
    blocks = "".join(re.findall(r"^```\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))
    called = re.findall(r"^.*(?:-m bot|ti-bot) [a-z].*$", blocks, re.MULTILINE)
    assert called
    for line in called:
        assert re.match(r"sudo deploy/ti-bot |docker compose (exec|run) ", line), line


IMAGES = re.compile(r"^(?:FROM| +image:) ([a-z]+:[a-z0-9.-]+)(@sha256:[0-9a-f]{64})?", re.MULTILINE)


def images_in(folder: Path) -> list[tuple[str, str]]:
    texts = [(folder / name).read_text("utf-8") for name in ("Dockerfile", "compose.yaml")]
    return [found for text in texts for found in IMAGES.findall(text)]


def test_images_of_others_are_named_by_what_they_hold() -> None:
    found = images_in(ROOT)
    assert {name for name, _ in found} == {"python:3.13-slim", "postgres:17", "caddy:2"}
    assert all(digest for _, digest in found)


def test_the_digests_of_images_are_renewed_together(machine: Machine) -> None:
    for name in ("Dockerfile", "compose.yaml", "Makefile"):
        shutil.copy(ROOT / name, machine.code)
    machine.tool("docker", 'printf "sha256:"; printf %s "$6" | sha256sum | cut -d " " -f 1')
    done = machine.run("make", "images")
    assert done.returncode == 0, done.stderr
    before, after = images_in(ROOT), images_in(machine.code)
    assert [name for name, _ in after] == [name for name, _ in before]
    assert not {digest for _, digest in before} & {digest for _, digest in after}
    assert len({digest for _, digest in after}) == 3
    machine.tool("docker", "exit 1")
    assert machine.run("make", "images").returncode != 0
    assert images_in(machine.code) == after, "nothing is left half renewed"


def test_what_an_installation_writes_is_its_owners_alone() -> None:
    script = (ROOT / "deploy/ti-bot").read_text("utf-8")
    for line in ("UMask=0077", "StateDirectoryMode=0700", "CacheDirectoryMode=0700"):
        assert line in UNIT.splitlines()
        assert f"--property={line}" in script
    assert "install -d -m 0700 " in (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("path", [PREFIX, *VISITOR_PREFIXES])
def test_every_installation_lets_the_pages_through(path: str) -> None:
    """Walk what stands in front of the bot: the proxies of the guide, and the preview."""
    caddy = (ROOT / "deploy/Caddyfile").read_text("utf-8")
    (pages,) = re.findall(r"\n\t@pages \{.*?path ([^\n]+)", caddy, re.DOTALL)
    assert f"{path}*" in pages.split()
    (nginx,) = re.findall(r"location ~ (\S+) \{\n +# L'adresse d'une page", GUIDE)
    assert re.match(nginx, f"{path}x")
    assert path.startswith(OWN_PAGES)
    assert f"`{path}`" in GUIDE

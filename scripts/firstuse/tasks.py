"""The tasks of the README on own data, each a command and what it should leave."""

import csv
import io
import re
from typing import Callable

from .own_data import CLASSES
from .program import Program, Ran

Check = Callable[[Ran], str]
HELD = ("--test-fraction", ".2", "--seed", "1")


def refused(code: int, *texts: str) -> Check:
    """The command ends with this exit code and says all of this."""

    def check(ran: Ran) -> str:
        if ran.code != code:
            return f"exit code {ran.code}, expected {code}"
        missing = [text for text in texts if text not in ran.stderr]
        return f"no {missing} in {ran.stderr!r}" if missing else ""

    return check


def says(*texts: str) -> Check:
    """The command prints all of this."""

    def check(ran: Ran) -> str:
        missing = [text for text in texts if text not in ran.stdout + ran.stderr]
        return f"no {missing} in {(ran.stdout + ran.stderr)[-800:]!r}" if missing else ""

    return check


def rows(columns: str, least: int, wrong: Callable[[list], str] = lambda found: "") -> Check:
    """The command prints CSV with these columns, at least so many rows, and every number in it is finite."""

    def check(ran: Ran) -> str:
        found = list(csv.DictReader(io.StringIO(ran.stdout)))
        absent = set(columns.split()) - set(found[0] if found else ())
        if absent or len(found) < least:
            return f"{len(found)} rows, without {sorted(absent)}"
        if any(value in ("NaN", "inf", "-inf") for row in found for value in row.values()):
            return "a number that is none"
        return wrong(found)

    return check


def beats_pca(ran: Ran) -> str:
    """The run is better than PCA of the same size on samples that it has not seen."""
    report = ran.json()
    model, pca = report["metrics"]["test"]["squared_error"], report["baselines"]["pca"]["squared_error"]
    return "" if model < pca else f"squared error {model}, PCA {pca}"


def finds(faulty: list) -> Callable[[list], str]:
    """Of the planted faults, at least nine in ten are among the twice as many highest scores."""

    def wrong(found: list) -> str:
        highest = sorted(found, key=lambda row: -float(row["score"]))[: 2 * len(faulty)]
        seen = {int(row["row"]) for row in highest} & set(faulty)
        return "" if len(seen) >= 0.9 * len(faulty) else f"{len(seen)} of {len(faulty)} planted faults among the highest scores"

    return wrong


def classes_named(found: list) -> str:
    named = {row["caption"].split("_")[0] for row in found}
    return "" if named == set(CLASSES) else f"classes {sorted(named)}"


def tasks(faulty: list) -> list:
    """Every command in its order, with what it should do."""
    photos = ("photos", "--size", "48x48", "--skip-bad", *HELD)
    sensors = ("sensors.csv", "--index", "time", *HELD)
    return [
        # What a new user meets: sizes differ, a file is broken; each refusal says what to do.
        (("train", "photos"), refused(3, "--size 64x64")),
        (("train", "photos", "--size", "48x48"), refused(3, "sun_broken.png")),
        (("train", *photos, "--print-config"), says('fit = "crop"', "conv = ", "patience = ")),
        (("train", *photos, "--name", "photos", "--json"), beats_pca),
        (("eval", "photos"), says("PCA-2")),
        (("reconstruct", "photos", "--first", "8"), says("reconstruction")),
        (("encode", "photos"), rows("caption z1 z2", 15, classes_named)),
        (("score", "photos"), rows("score rank", 15)),
        (("neighbours", "photos"), rows("sample nearest distance", 15)),
        (("generate", "photos", "--count", "8"), says("generated")),
        (("latent", "photos"), says("latent")),
        (("morph", "photos", "#0", "#1"), says("morph")),
        (("inspect", "photos"), says("conv")),
        (("train", *sensors, "--name", "sensors", "--json"), beats_pca),
        (("eval", "sensors"), says("PCA-2")),
        (("encode", "sensors", "--split"), rows("z1 z2 time split", 400)),
        (("score", "sensors", "--split"), rows("score rank time", 400, finds(faulty))),
        (("impute", "sensors"), rows("time flow speed vibration", 1)),
        (("latent", "sensors"), says("latent")),
        (("generate", "sensors", "--csv", "--count", "50"), rows("flow speed vibration", 50)),
        (("train", *sensors, "--model", "vae", "--name", "sensors-vae", "--json"), beats_pca),
        (("generate", "sensors-vae", "--csv", "--count", "50"), rows("flow speed vibration", 50)),
        (("train", "spots.npy", *HELD, "--name", "spots", "--json"), beats_pca),
        (("reconstruct", "spots"), says("reconstruction")),
        (("encode", "spots"), rows("z1 z2", 20)),
        (("generate", "spots", "--count", "8"), says("generated")),
        (("train", "spots.npy", "--model", "dae", *HELD, "--name", "spots-dae"), says("noisy input", "median 3x3")),
        (("denoise", "spots-dae"), says("noisy")),
    ]


def run_tasks(program: Program, faulty: list) -> list:
    """What was wrong; every command is told as it is done."""
    wrong = []
    for words, check in tasks(faulty):
        ran = program.run(*words)
        line = "espejo " + " ".join(word if re.fullmatch(r"[\w./-]+", word) else f"'{word}'" for word in words)
        # A refusal is looked for by its own check, all else succeeds.
        is_refusal = check.__qualname__.startswith("refused")
        found = "" if is_refusal or ran.code == 0 else f"exit code {ran.code}: {ran.stderr.strip()[-400:]}"
        found = found or check(ran)
        print(f"{'ok' if not found else 'WRONG':5} {ran.wall:6.1f} s  {line}", flush=True)
        if found:
            wrong.append(f"{line}: {found}")
    return wrong

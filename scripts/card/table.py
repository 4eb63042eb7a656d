"""The Markdown of docs/performance.md from the JSON of a run."""

import statistics

from benchmark.runs import markdown, number, ratio, spread

from . import works


def tables(found):
    """All of it, for a person to paste."""
    steps = found["steps"]
    parts = [head(found), *(f"`espejo doctor` {words(one)}" for one in steps.get("doctor", []) if one.get("problem"))]
    for title, table, step in (
        ("Parity with the CPU", parity, "parity"),
        ("An epoch", epochs, "epochs"),
        ("Launches", launches, "launches"),
        ("Memory", memory, "memory"),
        ("The first step", first_step, "first step"),
    ):
        of = steps.get(step, [])
        rows = [one for one in of if not one.get("problem") and not one.get("left_out")]
        text = table(rows, found) if rows else "Not measured."
        notes = [f"- {words(one)}" for one in of if one.get("problem") or one.get("left_out") or one.get("note")]
        parts.append("\n\n".join([f"### {title}", text, *(["\n".join(notes)] if notes else [])]))
    return "\n\n".join(parts)


def words(one):
    """What is missing or went wrong."""
    what = ", ".join(str(one[key]) for key in ("work", "batch", "program", "cache") if key in one)
    said = f"**failed**: {one['problem']}" if one.get("problem") else f"left out: {one['left_out']}" if one.get("left_out") else one["note"]
    return f"{what}: {said}" if what else said


def head(found):
    line = f"{found['date']}, {found.get('device', 'no device')}, `--device {found['asked']}`, {found['machine']}, {found['cpus']} CPUs"
    line += f", driver {found['driver']}" if found.get("driver") else ""
    line += "".join(f"\n\n`espejo doctor` of {device['name']}: {doctor(device)}." for device in devices(found))
    if found.get("software"):
        line += "\n\n**A software adapter: nothing below is a measure of a GPU. Seconds and ratios mean nothing.**"
    if found["small"]:
        line += "\n\n**`--small`: sizes that only try the script. Seconds and ratios mean nothing.**"
    return line


def devices(found):
    return [device for of in found["steps"].get("doctor", []) for device in of.get("devices", [])]


def doctor(device):
    if device.get("error") or device.get("skipped"):
        return device.get("error") or device["skipped"]
    return f"right, {number(device['steps_per_second'])} steps of the letters a second, the first after {number(device['first_step_seconds'])} s"


def parity(rows, _found):
    table = []
    for what in dict.fromkeys(row["parity"] for row in rows):
        of = [row for row in rows if row["parity"] == what]
        # What is no number in JSON is null, and the worst of all.
        worst = max(of, key=lambda row: float("inf") if row["apart"] is None else row["apart"])
        apart = "no number" if worst["apart"] is None else f"{worst['apart']:.1e}"
        wrong = [row["name"] for row in of if not row["ok"]]
        result = f"**wrong: {', '.join(wrong)}**" if wrong else "alike"
        table.append([what, str(len(of)), f"{apart} ({worst['name']})", f"{worst['tolerance']:.0e}", result])
    return markdown(["kind", "cases", "largest difference, of the largest number", "allowed", "result"], table)


def epochs(rows, found):
    table = []
    for work in works.TITLES:
        for batch in dict.fromkeys(row["batch"] for row in rows):
            of = [row for row in rows if row["work"] == work and row["batch"] == batch]
            own = [second for row in of if row["program"] == "espejo" for second in row["seconds"]]
            for program in dict.fromkeys(row["program"] for row in of):
                its = [row for row in of if row["program"] == program]
                seconds = [second for row in its for second in row["seconds"]]
                beside = ratio(statistics.median(own) / statistics.median(seconds)) if own else "–"
                first = statistics.median(second for row in its for second in row["first"])
                cells = [works.title(work, found["small"]), str(batch), program, its[0]["device"], spread(seconds), beside, number(first)]
                table.append(cells)
    versions = {name: version for row in rows for name, version in row.get("versions", {}).items()}
    images = works.IMAGES[found["small"]]
    text = markdown(["work", "batch", "program", "device", "epoch, s: median (range)", "espejo / it", "first epoch, s"], table)
    text += f"\n\n{images['gray']:,} made-up images of 28x28 an epoch, {images['colour']:,} of 32x32 in colour for the AlexNet-like net."
    return text + "".join(f" {name} {version}." for name, version in sorted(versions.items()))


def launches(rows, _found):
    # The nets are never made small here, only the batches.
    rows = sorted(rows, key=lambda row: row["launches"])
    table = [[works.TITLES[row["launches"]], str(row["batch"]), f"{row['a_step']:.1f}"] for row in rows]
    return markdown(["work", "batch", "launches a step"], table)


def memory(rows, _found):
    table = []
    for row in rows:
        if "nvidia_smi" in row:
            table.append(["W1, 200 epochs, nvidia-smi", f"{row['early']:,} MiB", f"{row['late']:,} MiB"])
        else:
            told = [f"{of['tensors']:,} tensors, {of['in_use'] / 1024:,.0f} KiB of {of['reserved'] / 1024:,.0f}" for of in (row["after_20"], row["after_200"])]
            table.append([row["memory"], *told])
    return markdown(["net", "after 20 epochs (nvidia-smi: most in the second quarter)", "after 200 (most in the last quarter)"], table)


def first_step(rows, found):
    by = {(row["work"], row["cache"]): row["seconds"] for row in rows}
    table = []
    for work in dict.fromkeys(row["work"] for row in rows):
        cold, warm = by.get((work, "cold")), by.get((work, "warm"))
        cells = ["–" if seconds is None else number(seconds) for seconds in (cold, warm)]
        table.append([works.title(work, found["small"]), *cells, ratio(warm / cold) if cold and warm else "–"])
    return markdown(["work", "cold cache, s", "warm cache, s", "warm / cold"], table)

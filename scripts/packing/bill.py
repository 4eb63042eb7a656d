"""A software bill of materials: CycloneDX 1.5, as JSON, the same bytes for the same commit."""

import hashlib
import json
import uuid

from .crates import Crate


def bill(crates: list, program: bytes, when: str) -> str:
    """What is in the program, by name, version, licence and checksum, and what depends on what."""
    [espejo] = [crate for crate in crates if crate.name == "espejo"]
    main = component(espejo) | {"type": "application", "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(program).hexdigest()}]}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": when, "component": main},
        "components": [component(crate) for crate in crates if crate is not espejo],
        "dependencies": [
            {"ref": reference(*crate.key), "dependsOn": [reference(*key) for key in crate.depends_on]} for crate in crates
        ],
    }
    # A serial number is asked for; one that is made of the contents is the same for the same build.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return json.dumps({"$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "serialNumber": f"urn:uuid:{serial}"} | document, indent=1) + "\n"


def component(crate: Crate) -> dict:
    entry = {
        "type": "library",
        "bom-ref": reference(*crate.key),
        "name": crate.name,
        "version": crate.version,
        "licenses": [{"expression": crate.licence}],
    }
    if not crate.is_own:
        entry["purl"] = reference(*crate.key)
    if crate.checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": crate.checksum}]
    if crate.repository:
        entry["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    return entry


def reference(name: str, version: str) -> str:
    return f"pkg:cargo/{name}@{version}"

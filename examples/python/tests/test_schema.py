"""The types have the names of the JSON Schema of the JSON lines."""

from __future__ import annotations

import json
import unittest
from dataclasses import MISSING, fields
from typing import Any, get_args

from license_backup import results

from .sandbox import ROOT

SCHEMA = json.loads((ROOT / "docs/json-lines.schema.json").read_text())["$defs"]


class Schema(unittest.TestCase):
    """The JSON Schema of the repository."""

    def test_names_are_those_of_the_schema(self) -> None:
        progress = SCHEMA["progress"]["properties"]
        listing = SCHEMA["license-listing"]["properties"]
        for names, allowed in (
            (results.ErrorCode, SCHEMA["code"]["enum"]),
            (results.Reason, SCHEMA["reason"]["enum"]),
            (results.LicenseFormat, SCHEMA["identity"]["properties"]["format"]["enum"]),
            (results.Stage, progress["stage"]["enum"]),
            (results.Standing, listing["standing"]["enum"]),
        ):
            self.assertEqual(list(get_args(names)), allowed)
        outcomes = SCHEMA["end"]["properties"]["outcome"]["enum"]
        # Those of errors, and of `diff`.
        others = {"failed", "corrupt", "cancelled", "different"}
        self.assertEqual(set(get_args(results.Outcome)), set(outcomes) - others)

    def test_fields_are_those_of_the_schema(self) -> None:
        for kind, names in (
            (results.Progress, ["progress"]),
            (results.Failure, ["error"]),
            (results.RestrictedLicense, ["identity", "restricted-license"]),
            (results.LicenseListing, ["identity", "license-listing"]),
            (results.BackupResult, ["end", "backup-counts"]),
            (results.VerifyResult, ["end", "verify-counts"]),
            (results.RestoreResult, ["end", "restore-counts"]),
            (results.ListResult, ["end", "list-counts"]),
        ):
            definitions = [SCHEMA[name] for name in names]
            self.assertEqual(of_type(kind), of_schema(definitions), kind)

    def test_a_key_of_a_later_version_is_ignored(self) -> None:
        line = {"code": "io", "hresult": "0x80004005", "message": "m", "later": [1]}
        failure = results.Failure.of(line)
        self.assertEqual((failure.code, failure.hresult, failure.path), ("io", 0x80004005, None))


# The fields that collect other lines.
COLLECTED = {"failures", "restricted_licenses", "listings"}


def of_type(kind: type[results.Fields]) -> dict[str, bool]:
    """Returns the fields of a type, and whether they are required."""
    required = {field.name: field.default is MISSING for field in fields(kind)}
    return {name: required[name] for name in required.keys() - COLLECTED}


def of_schema(definitions: list[dict[str, Any]]) -> dict[str, bool]:
    """Returns the keys of an object, and whether they are required."""
    required = {name for definition in definitions for name in definition.get("required", [])}
    keys = [
        name
        for definition in definitions
        for name, value in definition["properties"].items()
        if name != "event" and value is not False
    ]
    return {name: name in required for name in keys}

"""Tests of the manifests: against the schemas that Kubernetes publishes, and against each other.

They run nothing in Kubernetes. `make test-fleet` installs the validator and runs them.
"""

from __future__ import annotations

import tomllib
import unittest
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

HERE = Path(__file__).parent
# The first version without feature gates for what the manifests use, and the newest one.
VERSIONS = ("1.33", "1.37")
# Exit codes of the program after which another try can succeed.
WORTH_A_RETRY = {1, 130}


def manifests(name: str) -> list[dict[str, Any]]:
    """Returns the objects in a file of this directory."""
    return list(yaml.safe_load_all((HERE / name).read_text(encoding="utf-8")))


def backup_spec() -> dict[str, Any]:
    """Returns the specification of the Job that backs up."""
    return manifests("job.yaml")[0]["spec"]


class Manifests(unittest.TestCase):
    """Tests of the manifests."""

    def test_every_manifest_matches_the_published_schemas(self) -> None:
        files = sorted(HERE.glob("*.yaml"))
        self.assertEqual([file.name for file in files], ["cronjob.yaml", "job.yaml"])
        for file in files:
            for manifest in manifests(file.name):
                for version in VERSIONS:
                    with self.subTest(file=file.name, version=version):
                        kubernetes_validate.validate(manifest, version, strict=True)

    def test_a_misspelled_field_does_not_match_the_schemas(self) -> None:
        [manifest] = manifests("job.yaml")
        for parent in (
            manifest["spec"],
            manifest["spec"]["podFailurePolicy"]["rules"][0],
            manifest["spec"]["template"]["spec"]["containers"][0],
        ):
            parent["misspelled"] = 1
            with self.assertRaises(kubernetes_validate.ValidationError):
                kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
            del parent["misspelled"]

    def test_the_cron_job_runs_the_same_job(self) -> None:
        self.assertEqual(
            manifests("cronjob.yaml")[0]["spec"]["jobTemplate"]["spec"], backup_spec()
        )

    def test_each_index_is_a_task(self) -> None:
        spec = backup_spec()
        arguments = spec["template"]["spec"]["containers"][0]["args"]
        self.assertEqual(spec["completionMode"], "Indexed")
        self.assertEqual(
            arguments[arguments.index("--of") + 1], str(spec["completions"])
        )

    def test_exit_codes_that_are_worth_a_retry_are_retried(self) -> None:
        """The API server requires what the schemas do not: see the documentation of PodFailurePolicy."""
        spec = backup_spec()
        [rule] = [
            rule for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule
        ]
        self.assertEqual(rule["action"], "FailIndex")
        self.assertGreater(spec["backoffLimitPerIndex"], 0)
        self.assertEqual(spec["template"]["spec"]["restartPolicy"], "Never")
        codes = rule["onExitCodes"]["values"]
        self.assertEqual(codes, [2, 4, 5, 6])
        self.assertFalse(WORTH_A_RETRY & set(codes))
        names = [
            container["name"] for container in spec["template"]["spec"]["containers"]
        ]
        self.assertIn(rule["onExitCodes"]["containerName"], names)

    def test_all_containers_run_the_image_of_this_release(self) -> None:
        workspace = tomllib.loads((HERE.parents[1] / "Cargo.toml").read_text("utf-8"))
        version = workspace["workspace"]["package"]["version"]
        image = f"registry.example.com/license-backup:{version}"
        images = set()
        for name in ("job.yaml", "cronjob.yaml"):
            for manifest in manifests(name):
                spec = manifest["spec"].get("jobTemplate", manifest)["spec"]
                pod = spec["template"]["spec"]
                for container in pod["containers"] + pod.get("initContainers", []):
                    images.add(container["image"])
        self.assertEqual(images, {image})
        self.assertIn(image, (HERE / "Containerfile").read_text("utf-8"))


if __name__ == "__main__":
    unittest.main()

"""`reconciler copy`: between folders of the working tree, isolated projects included."""

from __future__ import annotations

import pytest

from tests.acceptance.manifests import development, manifest
from tests.acceptance.program import Run, Shop

REPORT = manifest(
    "Workflow",
    "report",
    "trigger: {type: manual}\ndefinition: {format: opaque, file: definitions/report.txt}",
)

PROTO = development().replace("name: development", "name: proto")

VERIFY_THERE = manifest(
    "Workflow", "verify", "trigger: {type: manual}\nsteps: [{name: one, type: function}]"
)


@pytest.fixture
def shop(committed: Shop) -> Shop:
    """Return a shop with an isolated development project that is empty."""
    manifests = {"environments/proto/environment.yaml": PROTO}
    committed.repository.commit(manifests)
    return committed


def copy(shop: Shop, *arguments: str, code: int = 0, to: str = "proto") -> Run:
    """Copy from development."""
    return shop.run("copy", *arguments, "--from", "development", "--to", to, code=code)


def test_files_are_copied_byte_for_byte(shop: Shop) -> None:
    """Comments and form are kept, definition files come along, and the target is valid."""
    text = "# Ours.\r\n" + REPORT
    shop.commit({"workflows/report.yaml": text, "workflows/definitions/report.txt": b"\tx\n"})
    done = copy(shop, "workflow/REPORT")
    folder = shop.root / "environments/proto/workflows"

    assert (folder / "report.yaml").read_bytes() == text.encode()
    assert (folder / "definitions/report.txt").read_bytes() == b"\tx\n"
    assert "  + environments/proto/workflows/definitions/report.txt\n" in done.out
    assert "Copied 1 resource from development to proto." in done.out
    assert shop.run("validate", "--worktree").out.startswith("Valid: ")
    assert copy(shop, "workflow/report").last == "Nothing to copy: proto has the same files."


def test_missing_dependencies_are_named_and_copied_on_demand(shop: Shop) -> None:
    """Without them nothing is written; --with-dependencies brings what the target lacks."""
    refused = copy(shop, "Workflow/news", code=1)
    assert "proto lacks what is needed: AppEvent/order-placed, Integration/slack." in refused.err
    assert "--with-dependencies" in refused.err
    assert shop.repository.git("status", "--porcelain") == ""

    done = copy(shop, "Workflow/news", "--with-dependencies")
    assert "Copied 3 resources from development to proto." in done.out


def test_a_different_file_is_replaced_only_on_demand(shop: Shop) -> None:
    """A file with other content stops all of it (exit 4) unless --overwrite is said."""
    shop.repository.commit({"environments/proto/workflows/verify.yaml": "#\n" + VERIFY_THERE})
    refused = copy(shop, "Workflow/verify", "AppEvent/stock-low", code=4)
    assert "workflows/verify.yaml would be replaced by other content" in refused.err
    assert shop.repository.git("status", "--porcelain") == ""

    copy(shop, "Workflow/verify", "--overwrite")
    copied = (shop.root / "environments/proto/workflows/verify.yaml").read_text("utf-8")
    assert copied == shop.read("workflows/verify.yaml")


def test_a_copy_that_would_not_be_valid_says_why(shop: Shop) -> None:
    """What the target's environment.yaml lacks is a finding, and nothing is written."""
    bare = PROTO.replace("  values: {api: https://api.example.com}\n", "")
    assert bare != PROTO
    shop.repository.commit({"environments/proto/environment.yaml": bare})
    refused = copy(shop, "Workflow/news", "--with-dependencies", code=1)

    assert "environments/proto/workflows/news.yaml:" in refused.err
    assert 'unknown value "api"' in refused.err
    assert shop.repository.git("status", "--porcelain") == ""


def test_wrong_words_are_one_sentence(shop: Shop) -> None:
    """A release-only target, unknown names and environments are refused with what to do."""
    release_only = copy(shop, "Workflow/news", to="staging", code=4)
    assert "staging is release-only" in release_only.err
    assert 'did you mean "Workflow/news"?' in copy(shop, "Workflow/new", code=1).err
    assert 'did you mean "Workflow"?' in copy(shop, "Workflw/news", code=64).err
    assert 'did you mean "proto"?' in copy(shop, "Workflow/news", to="prot", code=64).err
    assert "Name two environments." in copy(shop, "Workflow/news", to="development", code=64).err


def test_a_link_in_the_target_is_never_followed(shop: Shop) -> None:
    """A folder that is a symlink is a finding of the target, and nothing is written behind it."""
    outside = shop.root.parent / "outside"
    outside.mkdir()
    (shop.root / "environments/proto/workflows").symlink_to(outside)

    copy(shop, "Workflow/verify", code=1)
    assert list(outside.iterdir()) == []


def test_a_file_in_place_of_a_folder_leaves_nothing_half(shop: Shop) -> None:
    """Where one file cannot be written none is, even with --overwrite, and the reason is told."""
    (shop.root / "environments/proto/events").write_text("", encoding="utf-8")

    refused = copy(shop, "Workflow/verify", "AppEvent/stock-low", "--overwrite", code=4)
    assert "environments/proto/events stands in the way of" in refused.err
    assert not (shop.root / "environments/proto/workflows/verify.yaml").exists()

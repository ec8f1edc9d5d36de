"""Comparing two commits from git alone: what they hold of releases is known."""

from __future__ import annotations

from reconciler.core.releases.model import ReleaseType
from reconciler.services.releases.making.asking import Ask
from tests.unit.services.releases.delivery import PRODUCTION, STAGING, SYNC, Delivery

FILE = "environments/production/workflows/sync.yaml"


def test_a_comparison_knows_hotfixes() -> None:
    """Two commits alone tell that one of them takes a hotfix back."""
    shop = Delivery()
    shop.released(STAGING)
    shop.released(PRODUCTION)
    shop.git.files[FILE] = SYNC.replace("title: Sync", "title: Urgent")
    ask = Ask(to=PRODUCTION, version="1.0.1", type=ReleaseType.HOTFIX)
    drafts = shop.releases.drafts(shop.grounds, ask, None)
    base = shop.merge(shop.releases.preparer.commit(shop.grounds, drafts, "Hotfix").branch)
    shop.put(FILE, SYNC)

    chosen = shop.workspace.choose(head=True)
    (plan,) = shop.viewer.plans_against(chosen, base, [PRODUCTION])
    assert [message.code for message in plan.messages] == ["HotfixWouldBeUndone"]

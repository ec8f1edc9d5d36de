"""Locks and backups with the store on PostgreSQL: flows of the other modules, run unchanged."""

from __future__ import annotations

from tests.acceptance.servers import committed_once, deployed_once
from tests.acceptance.test_backups import (
    peopled,
    peopled_once,
    test_a_drill_restores_and_compares,
)
from tests.acceptance.test_locks_cli import (
    changed,
    test_a_held_lock_keeps_others_out_and_is_shown,
    test_a_kept_lock_says_what_to_do_and_is_released_by_its_exact_id,
    test_without_locks_there_is_nothing_to_show,
)

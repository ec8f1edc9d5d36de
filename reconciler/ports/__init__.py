"""What the services need of the outside world, as protocols; adapters and fakes implement them.

Planning gets readers only: an object that cannot write needs no `dry_run`.
"""

from __future__ import annotations

from reconciler.ports.backups import BackupReader, Backups
from reconciler.ports.coordination import Coordination, CoordinationReader
from reconciler.ports.desired import (
    CachedDocument,
    DocumentCache,
    Manifests,
    Parsed,
    ParseRequest,
    Snapshot,
    TreeFile,
)
from reconciler.ports.forge import Forge, ForgeReader, JobSummary
from reconciler.ports.forge_records import ForgeRecords, ForgeRecordsReader
from reconciler.ports.git import (
    Commit,
    GitRepository,
    GitWriter,
    MadeTag,
    PullRefs,
    SignatureAnswer,
    SignatureVerifier,
)
from reconciler.ports.notices import Messenger, NoticeReader, Notices
from reconciler.ports.platforms import (
    AffectedUser,
    Operation,
    Platform,
    PlatformReader,
    Unit,
)
from reconciler.ports.plugins import (
    PlatformContext,
    PlatformFactory,
)
from reconciler.ports.records import (
    Concerned,
    Store,
    StoreReader,
)
from reconciler.ports.secrets import (
    SealedSecret,
    Sealer,
    SecretSource,
)
from reconciler.ports.system import (
    Clock,
    Interruptions,
    Processes,
)
from reconciler.ports.users import (
    UserPlatform,
    UserReader,
    UserStaging,
)
from reconciler.ports.writing import (
    ManifestWriter,
)

__all__ = [
    "AffectedUser",
    "BackupReader",
    "Backups",
    "CachedDocument",
    "Clock",
    "Commit",
    "Concerned",
    "Coordination",
    "CoordinationReader",
    "DocumentCache",
    "Forge",
    "ForgeReader",
    "ForgeRecords",
    "ForgeRecordsReader",
    "GitRepository",
    "GitWriter",
    "Interruptions",
    "JobSummary",
    "MadeTag",
    "ManifestWriter",
    "Manifests",
    "Messenger",
    "NoticeReader",
    "Notices",
    "Operation",
    "ParseRequest",
    "Parsed",
    "Platform",
    "PlatformContext",
    "PlatformFactory",
    "PlatformReader",
    "Processes",
    "PullRefs",
    "SealedSecret",
    "Sealer",
    "SecretSource",
    "SignatureAnswer",
    "SignatureVerifier",
    "Snapshot",
    "Store",
    "StoreReader",
    "TreeFile",
    "Unit",
    "UserPlatform",
    "UserReader",
    "UserStaging",
]

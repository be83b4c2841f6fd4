"""What the use cases return: frozen values whose fields are the keys of the JSON contract.

A field that would clash with a Python keyword ends in an underscore, which ``wire`` drops. Paths
are ``str`` as the operating system gives them (surrogate escapes and all); ``wire`` and the front
ends make them safe to print.
"""

from photolib.library.results.albums import (
    Album,
    AlbumDetail,
    AlbumList,
    AlbumPhoto,
    Cover,
    GroupingRun,
)
from photolib.library.results.box import Box
from photolib.library.results.duplicates import (
    DuplicateList,
    DuplicatePhoto,
    DuplicateSet,
    Evidence,
)
from photolib.library.results.index import (
    AlteredPhoto,
    FolderStatus,
    IndexReport,
    Pending,
    VerifyReport,
)
from photolib.library.results.labels import LabelFacet, PhotoLabel, PhotoLabels, Vocabulary
from photolib.library.results.reports import (
    BackupReport,
    Check,
    FileProblem,
    IndexStatus,
    LeaseStatus,
    Model,
    ModelsInUse,
    PhotoDetail,
    ProblemList,
    Quarantine,
    RestoreReport,
    Skipped,
    StageStatus,
    Status,
    WatcherStatus,
)
from photolib.library.results.search import (
    Cutoff,
    Example,
    Hit,
    Likeness,
    SearchResult,
    SimilarResult,
    Source,
    Why,
)

__all__ = [
    "Album",
    "AlbumDetail",
    "AlbumList",
    "AlbumPhoto",
    "AlteredPhoto",
    "BackupReport",
    "Box",
    "Check",
    "Cover",
    "Cutoff",
    "DuplicateList",
    "DuplicatePhoto",
    "DuplicateSet",
    "Evidence",
    "Example",
    "FileProblem",
    "FolderStatus",
    "GroupingRun",
    "Hit",
    "IndexReport",
    "IndexStatus",
    "LabelFacet",
    "LeaseStatus",
    "Likeness",
    "Model",
    "ModelsInUse",
    "Pending",
    "PhotoDetail",
    "PhotoLabel",
    "PhotoLabels",
    "ProblemList",
    "Quarantine",
    "RestoreReport",
    "SearchResult",
    "SimilarResult",
    "Skipped",
    "Source",
    "StageStatus",
    "Status",
    "VerifyReport",
    "Vocabulary",
    "WatcherStatus",
    "Why",
]

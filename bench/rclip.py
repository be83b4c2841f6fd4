"""The peer: rclip 3.3 on the same photos, once its weights can be had."""

from __future__ import annotations

from bench.report import Options, Row


def measure(options: Options) -> list[Row]:
    """A row that says why there is no figure."""
    how = "rclip downloads its model (ViT-B-32-256 datacomp) on first use; no weights were at hand"
    return [Row("photos indexed, against rclip", None, "photos/s", how, target=">= 4 with bf16")]

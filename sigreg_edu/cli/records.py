"""What every bench keeps: the machine it ran on, and files of numbers with their table."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path


def look_machine() -> dict[str, object]:
    """Return what the numbers depend on, and nothing that names the machine."""
    can_tell = hasattr(os, "sched_getaffinity")
    return {
        "cpus": len(os.sched_getaffinity(0)) if can_tell else os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "processor": platform.machine(),
    }


def keep(output: Path, record: Mapping, table: str) -> None:
    """Write the numbers, and the table beside them."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(table + "\n", encoding="utf-8")
    print(f"Kept in {output} and {output.with_suffix('.md').name}.")

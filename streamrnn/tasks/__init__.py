"""Tasks by name: each makes its data, fixes the sizes that follow from it, and scores models."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from typing import Any

from streamrnn.errors import ConfigError
from streamrnn.tasks.base import Task


def task_names() -> list[str]:
    """The tasks that come with the package."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(__path__)
        if module.name not in ("base", "sounds")
    )


def load_task(name: str, data: Mapping[str, Any]) -> Task:
    """Make a task.

    Args:
        name: one of `task_names()`; or, with a dot in it, an importable module of your own that
            has a function `task(data)`.
        data: the task's own options, which it checks.

    Raises:
        ConfigError: no such task, or an option that the task refuses.
    """
    module_name = name if "." in name else f"{__name__}.{name}"
    known = name in task_names() if "." not in name else _exists(name)
    if not known:
        raise ConfigError(
            f"task: expected one of {', '.join(task_names())}, or the dotted name of an "
            f"importable module of your own, got {name!r}"
        )
    make = getattr(importlib.import_module(module_name), "task", None)
    if make is None:
        raise ConfigError(
            f"task: expected a function task(data) in {module_name}, got none; define it there"
        )
    return make(data)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False

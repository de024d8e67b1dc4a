from typing import Any

WMM_2025: Any

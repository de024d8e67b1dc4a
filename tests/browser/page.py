"""The map's page as a test sees it: what it shows, what it asks for, what it complains about."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from ..system.harness import Server, until

# Software drawing on a busy machine; nothing of it takes seconds where there is a GPU.
PATIENCE_S = 40.0


class Page:
    """One page. ``patient`` expects losses: the console may then tell of refused connections."""

    def __init__(self, driver: webdriver.Chrome, server: Server) -> None:
        self.driver = driver
        self.server = server
        self.expected_complaint: str | None = None

    def open(self, query: str = "", *, wait: bool = True) -> None:
        """Load the page anew, as a first visit; ready when the map is drawn and the stream open."""
        self._forget()
        origin = f"http://{self.server.host}:{self.server.port}"
        self.driver.execute_cdp_cmd(
            "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"}
        )
        self.driver.get(f"{origin}/{query}")
        if wait:
            self.until("the stream", "aerotrack.state === 'open'")
            self.until("the base map", "aerotrack.idle")

    def js(self, expression: str, *arguments: Any) -> Any:
        """What the expression is worth in the page."""
        return self.driver.execute_script(f"return ({expression})", *arguments)

    def until(self, what: str, expression: str, *arguments: Any) -> Any:
        """The expression's value once it is truthy; ``aerotrack`` is the page's test surface."""
        guarded = f"typeof aerotrack !== 'undefined' && ({expression})"
        return until(what, lambda: self.js(guarded, *arguments), PATIENCE_S)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text of an element, whether it can be seen or not; empty where there is none."""
        return str(self.js("document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def press(self, keys: str) -> None:
        """Type on the page itself, not into a field."""
        self.driver.execute_script("document.activeElement?.blur()")
        self.find("body").send_keys(keys)

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
        )

    def leave(self) -> None:
        """It asked nobody but its server, and complained of nothing that was not expected."""
        complaints = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING") and not self._expected(entry["message"])
        ]
        asked = set(self._hosts())
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.driver.get("about:blank")
        assert complaints == []
        assert asked <= {f"{self.server.host}:{self.server.port}"}

    def _expected(self, message: str) -> bool:
        # Software drawing says so; it is what this browser was started with.
        if "GL Driver Message" in message or "GPU stall" in message:
            return True
        return self.expected_complaint is not None and self.expected_complaint in message

    def _hosts(self) -> list[str]:
        hosts = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            params = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                url = urlsplit(params["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                url = urlsplit(params["url"])
            else:
                continue
            if url.scheme not in ("data", "blob", "about", "chrome"):
                hosts.append(url.netloc)
        return hosts

    def _forget(self) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")


Poster = Callable[..., dict[str, Any]]

"""The account a server gives of itself at its end."""

from aerotrack.actors.messages import Figure, Figures
from aerotrack.feeds.feed import FeedFigures
from aerotrack.runtime.stats import totals


def test_the_totals_add_up_what_feeds_and_actors_counted() -> None:
    feeds = [
        FeedFigures("home", "sbs://127.0.0.1:30003", accepted=70),
        FeedFigures("club", "sbs://127.0.0.1:30004", accepted=20),
    ]
    figures = {
        "registry": Figures(
            (
                Figure("routed_total", 70, (("feed", "home"),)),
                Figure("routed_total", 20, (("feed", "club"),)),
                Figure("routed_total", 10, (("feed", "post"),)),
                Figure("unchanged_total", 5, (("feed", "home"),)),
                Figure("refused_total", 2, (("feed", "home"), ("reason", "old"))),
                Figure("refused_total", 1, (("feed", "club"), ("reason", "future"))),
            )
        ),
        "outbox": Figures((Figure("rows", 14),)),
        "persistence": Figures(
            (
                Figure("points_recorded_total", 52),
                Figure("points_compacted_total", 40),
                Figure("points_stored_total", 46),
                Figure("points_recovered_total", 7),
                Figure("points_duplicate_total", 2),
                Figure("points_kept", 5),
                Figure("points_dropped_total", 3),
                Figure("rows_rejected_total", 1),
                Figure("rows_waiting", 2),
            )
        ),
    }
    assert {
        "fed": 90, "observed": 100, "points": 52, "compacted": 40, "unchanged": 5, "refused": 3,
        "overloaded": 0, "stored": 39, "kept": 5, "duplicate": 2, "dropped": 3, "rejected": 1,
        "recovered": 7, "outbox": 14, "left": 2,
    } == totals(feeds, figures)  # fmt: skip

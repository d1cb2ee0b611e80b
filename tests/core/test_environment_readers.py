"""What the settings read from the environment stops the start when it is missing, and says what to set."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from xmagnet.settings import env


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_that_is_missing_or_empty_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Compose hands over an empty string for a variable that nobody set."""
    if value is None:
        monkeypatch.delenv("A_SECRET", raising=False)
    else:
        monkeypatch.setenv("A_SECRET", value)
    with pytest.raises(ImproperlyConfigured, match="A_SECRET"):
        env.text("A_SECRET")
    with pytest.raises(ImproperlyConfigured, match="A_SECRET"):
        env.words("A_SECRET", None)
    assert env.text("A_SECRET", "otherwise") == (value if value == "" else "otherwise")
    assert env.words("A_SECRET") == []


def test_words_are_a_list_without_empty_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_WORDS", "one, two,,three ")
    assert env.words("SOME_WORDS") == ["one", "two", "three"]

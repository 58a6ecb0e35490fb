"""Arguments that several commands share."""

from __future__ import annotations

import pytest

from nas.cli.arguments import recipe_with
from search_spaces import UserError


@pytest.mark.parametrize("word", ["false", "False", "no", "No", "off"])
def test_a_flag_of_a_recipe_takes_the_words_that_people_write(word):
    assert recipe_with("fast", [f"flip={word}"]) == recipe_with("fast", []).changed({"flip": False})
    opposite = {"f": "true", "n": "yes", "o": "on"}[word[0].lower()]
    assert recipe_with("plain", [f"flip={opposite}"]).flip is True


@pytest.mark.parametrize("value", ["1", "nope", ""])
def test_other_words_are_refused(value):
    with pytest.raises(UserError, match="flip: must be true or false"):
        recipe_with("fast", [f"flip={value}"])

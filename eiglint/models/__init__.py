"""What library calls are: data from rules/models, read and checked."""

from eiglint.models.load import Models, every_word, load, words
from eiglint.models.schema import Model
from eiglint.models.signature import bind
from eiglint.models.tables import ModelsError

__all__ = ["Model", "Models", "ModelsError", "bind", "every_word", "load", "words"]

import pytest

from bot.generation.acestep.vocal_language import UNKNOWN, language_of


@pytest.mark.parametrize(
    ("lyrics", "language"),
    [
        ("The tide came in and took my name\nand brought it back as someone else", "en"),
        ("Ich weiß nicht, was soll es bedeuten, dass ich so traurig bin", "de"),
        ("[Verse]\nJe ne regrette rien, ni le bien qu'on m'a fait, ni le mal", "fr"),
        ("Quiero que me des la noche y el mar por un beso", "es"),
        ("Non ho l'età per amarti, non ho l'età per uscire sola con te", "it"),
        ("Я тебя люблю, и ты меня", "ru"),
        ("私はあなたを愛してる", "ja"),
        ("我爱你，你爱我吗", "zh"),
        ("사랑해요 그대", "ko"),
        ("[Chorus]\nσ' αγαπώ πολύ", "el"),
        ("la la la", UNKNOWN),
        ("[Verse]", UNKNOWN),
        ("1234 ?!", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_words_are_told_by_script_or_by_the_commonest_of_them(lyrics: str, language: str) -> None:
    assert language_of(lyrics) == language


def test_one_foreign_word_is_no_other_language() -> None:
    assert language_of("And so I said to you: この night is ours and the sea is wide") == "en"

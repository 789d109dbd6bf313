from docker.audit import judged

SOUND = {"name": "a", "version": "1", "vulns": []}
SICK = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "CVE-2"}]}
UNSEEN = {"name": "c", "version": "3", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_what_is_known_fails_and_is_named():
    code, sentence = judged([SOUND, SICK])
    assert code == 1
    assert "b 2: PYSEC-1, CVE-2" in sentence


def test_a_data_base_that_cannot_be_had_is_no_all_clear():
    code, sentence = judged([UNSEEN, UNSEEN])
    assert code == 0
    assert sentence.startswith("not looked for")


def test_what_was_skipped_is_counted_beside_what_is_clear():
    assert judged([SOUND, UNSEEN]) == (0, "nothing is known of 1 packages; 1 were not looked for.")

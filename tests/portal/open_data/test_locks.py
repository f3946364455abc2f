"""The lock of a folder of stored files."""

from portal.open_data.locks import folder_lock


def test_only_one_at_a_time_has_the_lock_of_a_folder(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    with folder_lock(folder) as ours, folder_lock(folder, wait=False) as other, folder_lock(tmp_path) as elsewhere:
        assert (ours, other, elsewhere) == (True, False, True)
    with folder_lock(folder, wait=False) as ours:
        assert ours


def test_lock_is_released_after_an_error(tmp_path):
    try:
        with folder_lock(tmp_path):
            raise RuntimeError
    except RuntimeError:
        pass
    with folder_lock(tmp_path, wait=False) as ours:
        assert ours

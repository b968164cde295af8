from safetybot.guidance.faults import ContentError, Fault, errors, in_order

ERROR = Fault("en/slang.yaml", 3, 5, "Use small letters: `omg`.")
WARNING = Fault("en/none.yaml", 1, 1, "This is old.", "warning")


def test_a_fault_reads_as_file_line_column_message() -> None:
    assert str(ERROR) == "en/slang.yaml:3:5: Use small letters: `omg`."


def test_a_warning_says_so() -> None:
    assert str(WARNING) == "en/none.yaml:1:1: warning: This is old."


def test_errors_leaves_warnings_out() -> None:
    assert errors([ERROR, WARNING]) == (ERROR,)


def test_in_order_sorts_by_place_and_drops_doubles() -> None:
    assert in_order([ERROR, WARNING, ERROR]) == (WARNING, ERROR)


def test_content_error_carries_and_shows_all_faults() -> None:
    error = ContentError([ERROR, WARNING])
    assert error.faults == (ERROR, WARNING)
    assert str(error).splitlines() == [str(ERROR), str(WARNING)]

from pathlib import Path

from local.azure_ml.scoring import environment


def test_the_log_names_what_is_not_installed_and_what_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "mlflow==2.16.2\nno-such-library==1.0\nnumpy<1\n# a comment\n-r other.txt\n"
    )
    report = environment.report(tmp_path)
    assert "no-such-library==1.0: not installed here" in report
    assert "numpy<1: here 2" in report
    assert "mlflow" not in report


def test_a_build_without_graphics_cards_counts_as_the_library(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("xgboost==3.2.0\n")
    assert environment.differences(tmp_path) == []


def test_a_model_without_requirements_is_said_to_have_none(tmp_path: Path) -> None:
    assert "no requirements.txt" in environment.report(tmp_path)

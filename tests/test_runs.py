from pathlib import Path

import pytest
import yaml

from sedpool.runs import RunFolder


@pytest.mark.parametrize(
    ("corpus", "study", "fold"),
    [
        ("esc10-fold4", "esc10", 4),
        ("medleydb-split0", "medleydb", 0),
        ("urbansed", "urbansed", None),
        ("manifold-2", "manifold-2", None),
        ("a-fold1-b", "a-fold1-b", None),
    ],
)
def test_the_study_and_the_fold_follow_from_the_corpus_name(
    tmp_path: Path, corpus: str, study: str, fold: int | None
) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"corpus": corpus}))
    assert (RunFolder(tmp_path).study, RunFolder(tmp_path).fold) == (study, fold)

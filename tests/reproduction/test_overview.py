from sedpool.experiment.plan import RunKey
from sedpool.reproduction.overview import overview_section
from sedpool.reproduction.studies import ESC10, WEAK_METHODS


def test_what_is_missing_is_said_by_fold(make_record) -> None:
    records = {RunKey("", method, 4, 0): make_record(method, corpus="esc10-fold4") for method in WEAK_METHODS}
    records[RunKey("", "cap", 1, 0)] = make_record("cap", corpus="esc10-fold1")
    study = ESC10.select(methods=["max", "cap", "strong"], folds=[1, 2, 4])
    extent = overview_section([(study, records)]).blocks[1]
    assert extent == (
        f"{ESC10.title}: 3 of 9 runs are here; missing: fold 1, seed 0: max, strong; fold 2, seed 0: all methods; "
        "fold 4, seed 0: strong."
    )


def test_a_second_seed_is_expected_of_all_if_one_has_it(make_record) -> None:
    study = ESC10.select(methods=["max"], folds=[4])
    records = {RunKey("", "max", 4, seed): make_record("max", corpus="esc10-fold4", seed=seed) for seed in (0, 1)}
    assert overview_section([(study, records)]).blocks[1] == f"{ESC10.title}: 2 of 2 runs are here."
    del records[RunKey("", "max", 4, 0)]
    assert (
        "1 of 2 runs are here; missing: fold 4, seed 0: all methods." in overview_section([(study, records)]).blocks[1]
    )

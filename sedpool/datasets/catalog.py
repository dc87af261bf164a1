"""What is known of each corpus before it is on disk: sizes, licence, citation, layout, and where it comes from."""

import os
from dataclasses import dataclass
from pathlib import Path

from sedpool.errors import DataError


@dataclass(frozen=True)
class RemoteFile:
    """A file that a corpus is fetched as.

    Attributes
    ----------
    name : str
        Where the file goes, relative to the corpus's folder.
    url : str
        Where it lies.
    md5 : str
        Its checksum, as hexadecimal digits.
    contents : tuple of str
        For an archive, what it leaves in the corpus's folder (a single folder around them is dropped). The archive is
        deleted once it is unpacked.
    unpacked_bytes : int
        For an archive, about how much its contents occupy.
    """

    name: str
    url: str
    md5: str
    contents: tuple[str, ...] = ()
    unpacked_bytes: int = 0


@dataclass(frozen=True)
class Corpus:
    """One entry of the catalogue.

    Attributes
    ----------
    name : str
        What commands and ``configs/dataset`` call it.
    title : str
        What people call it.
    labels : str
        Which labels there are.
    size : str
        How much there is.
    licence, citation, homepage : str
        Terms, what to cite, and where to read more.
    folder : str
        Its folder under the parent of all corpora.
    layout : str
        What that folder holds.
    files : tuple of RemoteFile
        What ``sedpool data download`` fetches.
    steps : str
        What the user has to do instead or besides.
    """

    name: str
    title: str
    labels: str
    size: str
    licence: str
    citation: str
    homepage: str
    folder: str
    layout: str
    files: tuple[RemoteFile, ...] = ()
    steps: str = ""


_DCASE_LISTS = (
    "https://raw.githubusercontent.com/ankitshah009/"
    "Task-4-Large-scale-weakly-supervised-sound-event-detection-for-smart-cars/96dc262e3869580c0ff4c4de622995a8e3573ad9"
)

_SOUNDSCAPES_LAYOUT = """\
audio/<split>/<clip>.wav
annotations/<split>/<clip>.jams and .txt
with the splits train, validate and test"""
_MADE_LAYOUT = f"a folder for each seed and size, and in it\n{_SOUNDSCAPES_LAYOUT}"

CORPORA = (
    Corpus(
        name="urbansed",
        title="URBAN-SED",
        labels="strong",
        size="10,000 soundscapes of 10 s (6,000 train, 2,000 validate, 2,000 test), 10 classes",
        licence="CC BY 4.0",
        citation=(
            "J. Salamon, D. MacConnell, M. Cartwright, P. Li, J. P. Bello, "
            '"Scaper: a library for soundscape synthesis and augmentation", WASPAA 2017'
        ),
        homepage="https://zenodo.org/record/1324404",
        folder="URBAN-SED",
        layout=_SOUNDSCAPES_LAYOUT,
        files=(
            RemoteFile(
                name="URBAN-SED_v2.0.0.tar.gz",
                url="https://zenodo.org/record/1324404/files/URBAN-SED_v2.0.0.tar.gz?download=1",
                md5="a2d24a2148ece7c021fcc079ee87c2dc",
                contents=("audio", "annotations"),
                unpacked_bytes=9_000_000_000,
            ),
        ),
    ),
    Corpus(
        name="dcase2017",
        title="DCASE 2017 task 4",
        labels="weak, test strong",
        size="51,172 training, 488 testing and 1,103 evaluation clips of up to 10 s, 17 classes",
        licence="lists Apache 2.0; the recordings are YouTube's users'",
        citation=(
            'A. Mesaros et al., "DCASE 2017 challenge setup: tasks, datasets and baseline system", DCASE workshop 2017'
        ),
        homepage="https://dcase.community/challenge2017/task-large-scale-sound-event-detection",
        folder="DCASE2017",
        layout="""\
training_set.csv, testing_set.csv
groundtruth_release/groundtruth_{weak,strong}_label_<set>.csv
audio/<anything>/Y<video>_<start>_<end>.wav, in sub-folders or not""",
        files=(
            RemoteFile("training_set.csv", f"{_DCASE_LISTS}/training_set.csv", "eba1993f9a10788baf61cee7d968577c"),
            RemoteFile("testing_set.csv", f"{_DCASE_LISTS}/testing_set.csv", "295d1652a264ec535da3f6a125756ed2"),
            *(
                RemoteFile(f"groundtruth_release/{name}", f"{_DCASE_LISTS}/groundtruth_release/{name}", md5)
                for name, md5 in (
                    ("groundtruth_weak_label_training_set.csv", "1a98a76221fa5b5a85aaee9dbf02a2bf"),
                    ("groundtruth_weak_label_testing_set.csv", "b742b4d6517c82595e09a65d470ff811"),
                    ("groundtruth_strong_label_testing_set.csv", "da6079ac7c196c679b450cefdd0e8700"),
                )
            ),
        ),
        steps="""\
The recordings are excerpts of YouTube videos. The organisers link them, with passwords, from
https://github.com/ankitshah009/Task-4-Large-scale-weakly-supervised-sound-event-detection-for-smart-cars;
put them under audio/. Some are gone for good: train with allow_missing=true, and every report shows the coverage.""",
    ),
    Corpus(
        name="medleydb",
        title="MedleyDB",
        labels="strong",
        size="122 multitracks by 75 artists, remixed to 531 mixes (33.1 h), 8 instruments",
        licence="recordings CC BY-NC-SA 4.0; annotations MIT",
        citation=(
            "R. Bittner, J. Salamon, M. Tierney, M. Mauch, C. Cannam, J. P. Bello, "
            '"MedleyDB: a multitrack dataset for annotation-intensive MIR research", ISMIR 2014'
        ),
        homepage="https://medleydb.weebly.com",
        folder="MedleyDB",
        layout="""\
Audio/<Track>/<Track>_MIX.wav and <Track>_STEMS/<Track>_STEM_<NN>.wav
Metadata/<Track>_METADATA.yaml
Activation_Confidence_v2/<Track>_ACTIVATION_CONF.lab
mixing_coefficients.yaml, artist_index.json, tracklist_v1.txt""",
        steps="""\
1. Ask for the recordings at https://zenodo.org/record/1649325 and unpack them as Audio/.
2. Metadata and annotations come with https://github.com/marl/medleydb: copy them beside Audio/, or give their
   folder as dataset.annotations.""",
    ),
    Corpus(
        name="desed",
        title="DESED, recorded part",
        labels="weak, strong, none",
        size="1,578 weakly labelled, 14,412 unlabelled, 1,168 validation and 692 public evaluation clips, 10 classes",
        licence="lists MIT; each recording has its own licence",
        citation=(
            "N. Turpault, R. Serizel, A. Parag Shah, J. Salamon, "
            '"Sound event detection in domestic environments with weakly labeled data and soundscape synthesis", '
            "DCASE workshop 2019"
        ),
        homepage="https://project.inria.fr/desed",
        folder="DESED",
        layout="""\
metadata/{train/weak.tsv, train/unlabel_in_domain.tsv, validation/validation.tsv, eval/public.tsv}
audio/{train/weak, train/unlabel_in_domain, validation, eval/public}/<clip>.wav""",
        steps="""\
1. Lists and recordings of the training and validation sets come from YouTube through the authors' package:
     pip install desed
     python -c 'import desed; desed.download_audioset_data("FOLDER")'
   It writes the clips that are gone to missing_files/; send that list to the authors, who hand them out.
2. The public evaluation set is https://zenodo.org/record/4560759.""",
    ),
    Corpus(
        name="demo",
        title="Demo",
        labels="strong",
        size="1,000 soundscapes of 10 s (600 train, 200 validate, 200 test), 10 classes; any other size on request",
        licence="made by sedpool from synthesised sounds: no terms",
        citation="none needed",
        homepage="",
        folder="demo",
        layout=_MADE_LAYOUT,
        steps="Nothing to fetch: it is made when it is first used, by training or by `sedpool data prepare demo`.",
    ),
    Corpus(
        name="soundscapes",
        title="Soundscapes from your recordings",
        labels="strong",
        size="2,000 soundscapes of 10 s (1,200 train, 400 validate, 400 test); any other size on request",
        licence="that of your recordings",
        citation="what your recordings ask for",
        homepage="",
        folder="soundscapes",
        layout=_MADE_LAYOUT,
        steps="""\
Nothing to fetch: they are made when they are first used, from a folder of labelled recordings and one of backgrounds:
  sedpool data prepare soundscapes dataset.foreground=FOLDER dataset.background=FOLDER""",
    ),
    Corpus(
        name="synthesised",
        title="Soundscapes made beforehand",
        labels="strong",
        size="any",
        licence="that of your recordings",
        citation="what your recordings ask for",
        homepage="",
        folder="synthesised",
        layout=_SOUNDSCAPES_LAYOUT,
        steps="""\
Nothing to fetch: make them from a folder of labelled recordings and one of backgrounds, as docs/soundscapes.md says:
  sedpool data synthesise --foreground FOLDER --background FOLDER --out FOLDER""",
    ),
    Corpus(
        name="folder",
        title="A folder of your own",
        labels="weak or strong",
        size="any",
        licence="yours",
        citation="none needed",
        homepage="",
        folder="folder",
        layout="audio anywhere under the folder, labels as docs/corpora.md describes",
        steps="Nothing to fetch: give your folder with --root.",
    ),
)


def find(name: str) -> Corpus:
    """The catalogue's entry of that name.

    Raises
    ------
    DataError
        If there is none.
    """
    for corpus in CORPORA:
        if corpus.name == name:
            return corpus
    raise DataError(f"{name}: no such corpus; known: {', '.join(corpus.name for corpus in CORPORA)}")


def default_root(corpus: Corpus) -> Path:
    """Where a corpus lies unless told otherwise: in the folder ``$SEDPOOL_DATA``, or else in ``data``."""
    return Path(os.environ.get("SEDPOOL_DATA", "data")) / corpus.folder


def is_on_disk(root: Path) -> bool:
    """Whether a folder holds anything but what an unfinished download leaves."""
    return root.is_dir() and any(not entry.name.startswith(".") and entry.suffix != ".part" for entry in root.iterdir())

#!/usr/bin/env python3
"""Writes tests/golden/tar/*.tar: WebDataset shards in the formats that Python's tarfile knows.

Usage: python3 tests/golden/make_tars.py   (from the repository root; Python 3.11)

Each holds four samples with one of three pictures of tests/golden/images and their labels, a folder, a
link, a member without a key, names beyond the 100 characters of the old header, and names with dots that
lead nowhere else."""
import io
import json
import pathlib
import tarfile

OUT = pathlib.Path("tests/golden/tar")
IMAGES = pathlib.Path("tests/golden/images")
LONG = "deep/" * 24 + "sample"


def members():
    png = (IMAGES / "rgb8.png").read_bytes()
    other = (IMAGES / "palette4.png").read_bytes()
    yield "readme", b"no key"
    yield "a/000.jpg", png
    yield "a/000.cls", b"1\n"
    yield "a/000.json", json.dumps({"label": 7}).encode()
    yield LONG + ".txt", b"a caption"
    yield LONG + ".json", json.dumps({"caption": "x", "label": 0}).encode()
    yield LONG + ".PNG", other
    yield "a/..b/escape.png", png
    yield "a/..b/escape.cls", b"2"
    yield "...d/absolute.v2.png", png
    yield "...d/absolute.png", other
    yield "...d/absolute.cls", b" 1 "
    yield "nothing.cls", b"5"


def write(name, form):
    with tarfile.open(OUT / name, "w", format=form) as tar:
        folder = tarfile.TarInfo("a")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        link = tarfile.TarInfo("a/link.png")
        link.type = tarfile.SYMTYPE
        link.linkname = "000.jpg"
        tar.addfile(link)
        for path, data in members():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    data = (OUT / name).read_bytes()  # filled up to 10 KiB, as for a tape
    (OUT / name).write_bytes(data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % 512 + 1024))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write("ustar.tar", tarfile.USTAR_FORMAT)
    write("gnu.tar", tarfile.GNU_FORMAT)
    write("pax.tar", tarfile.PAX_FORMAT)

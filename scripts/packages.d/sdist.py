"""sdist.py SOURCES WHEEL FOLDER: packs the sources of the Python SDK, with the metadata that its wheel has. Same sources, same bytes."""

import gzip
import io
import os
import sys
import tarfile
import zipfile

sources, wheel, folder = sys.argv[1:]
name = "-".join(os.path.basename(wheel).split("-")[:2])
with zipfile.ZipFile(wheel) as packed:
    files = {"PKG-INFO": packed.read(f"{name}.dist-info/METADATA")}
for place, _, names in os.walk(sources):
    for each in names:
        path = os.path.join(place, each)
        inside = os.path.relpath(path, sources).replace(os.sep, "/")
        # What building the wheel has left behind is no source.
        if not inside.startswith((".git", "build/")) and ".egg-info/" not in inside:
            with open(path, "rb") as file:
                files[inside] = file.read()
time = int(os.environ["SOURCE_DATE_EPOCH"])
target = os.path.join(folder, f"{name}.tar.gz")
with open(target, "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=time) as zipped:
    with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for inside in sorted(files):
            entry = tarfile.TarInfo(f"{name}/{inside}")
            entry.size, entry.mtime, entry.mode = len(files[inside]), time, 0o644
            archive.addfile(entry, io.BytesIO(files[inside]))
